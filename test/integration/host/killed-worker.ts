// A worker that is killed in the middle of a copy: its job is taken up again when its lease has ended, and the image arrives.
import { expect, describe, it } from 'vitest';
import type { HostBed } from '../../contract/host/host-bed.ts';
import { ask, jobIn } from '../../support/hosts/host-client.ts';
import type { LambdaHost } from '../../support/hosts/lambda-host.ts';

/** A lease is 45 s; a minute later at most the upkeep frees it. */
const PATIENCE_MS = 110_000;

/** The first half, and `describeEnd` for the second: the suite goes on meanwhile. */
export function describeKilledWorker(bed: () => HostBed, lambda: () => LambdaHost): { describeEnd: () => void } {
  let id: string;
  let digest: string;
  return {
    ...describeKill(),
    describeEnd() {
      describe('the job of a worker that was killed', () => {
        it('is done by another one', { timeout: PATIENCE_MS * 2 }, async () => {
          const { host, scene } = bed();
          const state = async () => (await ask(host, `/v1/jobs/${id}`)).json.state;
          await expect.poll(state, { timeout: PATIENCE_MS, interval: 500 }).toBe('DONE');
          expect(await scene.mirrored('asked/killed', 'v1')).toBe(digest);
          const { text } = await ask(host, `/v1/jobs/${id}/events`);
          expect([...text.matchAll(/^event: (claimed|lease-lost|done)$/gm)].map(([, type]) => type)).toEqual([
            'claimed',
            'lease-lost',
            'claimed',
            'done',
          ]);
        });
      });
    },
  };

  function describeKill(): object {
    describe('a worker in the middle of a blob', () => {
      it('can be killed', async () => {
        const { host, scene } = bed();
        digest = await scene.push('t/killed', ['v1']);
        using held = scene.hold('/v2/t/killed/blobs/');
        const body = { source: `${scene.slow}/t/killed:v1`, targets: [`${scene.target.host}/asked/killed:v1`] };
        id = jobIn(await ask(host, '/v1/mirrors', { body }));
        await held.reached;
        expect(await lambda().stack.kill('mirror-image')).toBe(1);
      });
    });
    return {};
  }
}
