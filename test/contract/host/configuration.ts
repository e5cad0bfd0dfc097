// Another configuration: it is taken over without a restart, and one that is wrong changes nothing.
import { describe, expect, it } from 'vitest';
import { ask, type Json } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

const PATIENCE_MS = 40_000;

/** The first half, and `describeEnd` for the second: what lives for hours may look for a change only now and then. */
export function describeConfiguration(bed: () => HostBed): { describeEnd: () => void } {
  const rules = async (): Promise<string[]> =>
    (await ask(bed().host, '/v1/rules')).json.items.map(({ name }: Json) => name);

  const changed = () => {
    const { scene, subject } = bed();
    const config = scene.config(subject.terms);
    const to = [`${scene.target.host}/added/{name}`];
    const added = { name: 'added', from: `${scene.source.host}/added/*`, to, schedule: 'off' };
    return { ...config, mirrors: [...(config.mirrors ?? []), added] };
  };

  describe('another configuration', () => {
    it('can be put in place while everything goes on', async () => {
      expect(await rules()).not.toContain('added');
      await bed().host.configure(changed());
    });
  });

  return {
    describeEnd() {
      describe('the configuration', () => {
        it('was taken over, and a wrong one changes nothing', { timeout: PATIENCE_MS * 2 }, async () => {
          const { host } = bed();
          await expect.poll(rules, { timeout: PATIENCE_MS }).toContain('added');
          const { mirrors } = changed();
          const before = host.logs().length;
          await host.configure({ ...changed(), mirrors: mirrors.map((rule) => ({ ...rule, form: 'a mistake' })) });
          const told = async () => {
            expect(await rules()).toContain('added');
            return host.logs().slice(before);
          };
          await expect.poll(told, { timeout: PATIENCE_MS }).toMatch(/the configuration was not loaded/);
        });
      });
    },
  };
}
