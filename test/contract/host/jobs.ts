// Jobs as a list: page by page, by state and kind, and only for those who may see them.
import { describe, expect, it } from 'vitest';
import { ask, type Json } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

export function describeJobs(bed: () => HostBed): void {
  describe('the list of jobs', () => {
    it('is the same page by page as at once', async () => {
      const { host } = bed();
      const whole = (await ask(host, '/v1/jobs?kind=mirror&limit=100')).json.items.map(({ id }: Json) => id);
      expect(whole.length).toBeGreaterThan(3);
      const found: string[] = [];
      let next: string | undefined = '/v1/jobs?kind=mirror&limit=2';
      while (next !== undefined) {
        const { json, headers } = await ask(host, next);
        found.push(...json.items.map(({ id }: Json) => id));
        next = /^<(?<path>[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.groups?.['path'];
        expect(json.next === undefined).toBe(next === undefined);
      }
      expect(found).toEqual(whole);
    });

    it('can be of one state', async () => {
      const { json } = await ask(bed().host, '/v1/jobs?state=DONE&limit=3');
      expect(json.items.map(({ state }: Json) => state)).toEqual(['DONE', 'DONE', 'DONE']);
    });
  });
}
