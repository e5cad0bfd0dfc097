// A job that is called off in the middle of a blob. It hears of it with its next heartbeat, so the suite goes on meanwhile.
import { describe, expect, it } from 'vitest';
import { ask, endOf, jobIn } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

/** The first half, and `describeEnd` for the second. */
export function describeCallingOff(bed: () => HostBed): { describeEnd: () => void } {
  const rest = new DisposableStack();
  let id: string;

  describe('a mirror in the middle of a blob', () => {
    it('shows its history, and can be called off', async () => {
      const { host, scene, subject } = bed();
      await scene.push('t/held', ['v1']);
      const held = rest.use(scene.hold('/v2/t/held/blobs/'));
      const body = { source: `${scene.slow}/t/held:v1`, targets: [`${scene.target.host}/asked/held:v1`] };
      id = jobIn(await ask(host, '/v1/mirrors', { body }));
      await held.reached;
      const history = await fetch(`${host.url}/v1/jobs/${id}/events`, {
        headers: { authorization: `Bearer ${host.token}` },
      });
      const asked = await ask(host, `/v1/jobs/${id}/cancel`, { method: 'POST' });
      expect([asked.status, asked.json.cancelRequested]).toEqual([200, true]);
      const text = await textUntil(history, 'event: cancelling');
      expect(text).toMatch(/^retry: \d+\n\n(?:.|\n)*event: accepted\n(?:.|\n)*event: claimed\n/);
      // what comes later comes on the same connection, or on the next one
      expect(text.includes('event: cancelling')).toBe(subject.has.openStreams);
    });
  });

  return {
    describeEnd() {
      describe('a mirror that was called off', () => {
        it('has ended, and left no tag', async () => {
          const { host, scene } = bed();
          expect(await endOf(host, id)).toMatchObject({ state: 'CANCELLED' });
          expect(await scene.mirrored('asked/held', 'v1')).toBeUndefined();
          rest.dispose();
        });
      });
    },
  };
}

/** What comes until there is that, or no more. */
async function textUntil({ body }: Response, last: string): Promise<string> {
  let text = '';
  if (body === null) return text;
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes(last)) break;
  }
  return text;
}
