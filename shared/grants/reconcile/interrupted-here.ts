// The writes of a site that are not known to have ended, and that nobody is about to end: another run may be in the middle of one, or what
// one sent may still be under way, and then what stands there now says nothing.
import { targetKey, type Target } from '../site.ts';
import { readTarget, type SiteLook } from './look-at-site.ts';
import { resolveInterrupted, type Resolved } from './resolve-interrupted.ts';
import type { RunContext } from './run-context.ts';

export type Interrupted = {
  resolved: readonly Resolved[];
  /** To be called when it is in the journal. */
  release: () => Promise<void>;
};

/** What nobody holds is held, and looked at anew. @throws TransshipError store-unavailable */
export async function interruptedHere(context: RunContext, look: SiteLook): Promise<Interrupted> {
  const { store, holder } = context.run;
  const found = resolveInterrupted(context.state(), look.targets);
  const targets = new Map(found.map(({ record: { target } }) => [targetKey(target), target]));
  const held: [string, Target][] = [];
  for (const [key, target] of targets) {
    if (await store.hold(key, holder, context.limits.readMs + context.limits.writeMs)) held.push([key, target]);
  }
  if (held.length > 0) await context.refresh();
  for (const [, target] of held) await readTarget(context, look, target);
  const here = new Map([...look.targets].filter(([key]) => held.some(([one]) => one === key)));
  return {
    resolved: resolveInterrupted(context.state(), here),
    async release() {
      for (const [key] of held) await store.release(key, holder);
    },
  };
}
