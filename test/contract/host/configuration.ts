// Another configuration: it is taken over without a restart, and one that is wrong changes nothing.
import { describe, expect, it } from 'vitest';
import { ask, type Json } from '../../support/hosts/host-client.ts';
import { until } from '../../support/serve-process.ts';
import type { HostBed } from './host.ts';

export function describeConfiguration(bed: () => HostBed): void {
  const rules = async (): Promise<string[]> =>
    (await ask(bed().host, '/v1/rules')).json.items.map(({ name }: Json) => name);

  describe('the configuration', () => {
    it('is taken over when it changes, and a wrong one is refused', async () => {
      const { host, subject, scene } = bed();
      const config = scene.config(subject.terms);
      const added = { name: 'added', from: `${scene.source.host}/added/*`, to: [`${scene.target.host}/added/{name}`] };
      const mirrors = [...(config.mirrors ?? []), { ...added, schedule: 'off' }];
      await host.configure({ ...config, mirrors });
      await until(async () => (await rules()).includes('added'));
      await host.configure({ ...config, mirrors: [{ ...added, form: 'a mistake' }] });
      await until(() => host.logs().includes('form') && /configuration/.test(host.logs()));
      expect(await rules()).toContain('app');
      await host.configure(config);
      await until(async () => !(await rules()).includes('added'));
    });
  });
}
