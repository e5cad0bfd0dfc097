// Pruning on real servers: one deletes single tags, the other only manifests with all of their tags.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { IMAGE, plantSimpleImage } from '../support/planted-content.ts';
import { requireComponent } from '../support/require-component.ts';
import { startServer, type Server } from '../support/servers.ts';
import { memoryJournal, openSweepBed, ruleFor } from '../support/sweep-bed.ts';

describe.each(['docker-registry', 'distribution'] as const)('%s', (kind) => {
  let source: RunningRegistry;
  let target: Server;

  beforeEach(async () => {
    source = await startRegistry();
  });

  afterEach(async () => {
    await source.stop();
    await target?.[Symbol.asyncDispose]();
  });

  const tags = async (): Promise<string[]> => {
    const response = await fetch(`${target.url}/v2/app/tags/list`);
    const list: { tags: string[] | null } = JSON.parse(await response.text());
    return (list.tags ?? []).toSorted();
  };

  test('loses the tag that the source lost, and never one that shares its content', async () => {
    target = await startServer({ program: requireComponent(kind) });
    await using bed = openSweepBed();
    const journal = memoryJournal();
    const plant = (tag: string, layer: string) =>
      plantSimpleImage({ registry: source, repository: 'app' }, { tag, layers: [layer] });
    for (const tag of ['keep', 'drop']) await plant(tag, tag);
    for (const tag of ['twin-1', 'twin-2']) await plant(tag, 'twins');
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`, { prune: 'apply' });
    await bed.sync([rule], { journal });
    expect(await tags()).toEqual(['drop', 'keep', 'twin-1', 'twin-2']);

    for (const tag of ['drop', 'twin-1']) source.catalog.get('app')?.tags.delete(tag);
    const { pruned } = await bed.sync([rule], { journal });
    const canDeleteTags = kind === 'distribution';
    expect(pruned[0]?.problem).toBeUndefined();
    expect(pruned[0]?.removed.map(({ tag }) => tag).toSorted()).toEqual(canDeleteTags ? ['drop', 'twin-1'] : ['drop']);
    expect(await tags()).toEqual(canDeleteTags ? ['keep', 'twin-2'] : ['keep', 'twin-1', 'twin-2']);
    for (const tag of ['keep', 'twin-2']) {
      const response = await fetch(`${target.url}/v2/app/manifests/${tag}`, {
        method: 'HEAD',
        headers: { accept: IMAGE },
      });
      expect(response.status).toBe(200);
    }
  });
});
