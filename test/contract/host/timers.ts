// The clock: what is due happens once, also where the clock strikes twice.
import { describe, expect, it } from 'vitest';
import { ask, done, jobsOf, until } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

const PATIENCE_MS = 55_000;

export function describeTimers(bed: () => HostBed): void {
  describe('the clock', () => {
    it('sweeps a rule once, however often it strikes', async () => {
      const { host } = bed();
      await Promise.all([host.fire('mirrors'), host.fire('mirrors'), host.fire('upkeep'), host.fire('upkeep')]);
      const sweeps = async () =>
        (await jobsOf(host, 'sweep')).filter(({ targets }) => targets.some((one: string) => one.endsWith('timed')));
      const sweep = await until(async () => (await sweeps())[0]);
      await done(host, sweep.id);
      await host.fire('mirrors');
      expect(await sweeps()).toHaveLength(1);
      const whole = await ask(host, `/v1/jobs/${sweep.id}`);
      expect(whole.json.payload).toMatchObject({ rule: 'timed', trigger: 'schedule' });
    });

    it('looks at clusters and grants', async () => {
      const { host } = bed();
      await Promise.all([host.fire('credentials'), host.fire('credentials'), host.fire('grants'), host.fire('grants')]);
      await until(async () =>
        (await jobsOf(host, 'credentials')).some(({ targets }) => targets.includes('credentials:test')),
      );
      const states = async () => (await jobsOf(host, 'grants')).map(({ state }) => state);
      await expect.poll(states, { timeout: PATIENCE_MS }).toContain('DONE');
    });
  });
}
