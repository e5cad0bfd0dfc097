// Access by this process: where no server owns the data folder, the command opens the store itself, and makes the copy, too.
import { userInfo } from 'node:os';
import { applyAccess, prepareAccess, previewAccess, type AccessTerms } from '../../functions/access/apply-access.ts';
import type { MirrorPayload } from '../../functions/job-kinds/mirror-job.ts';
import { mirrorRequest } from '../../functions/mirror-image/mirror-request.ts';
import type { Config } from '../../shared/config/config.ts';
import { copyArtifact } from '../../shared/mirror/copy.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import type { AccessDesk } from './access-desk.ts';
import type { Context } from './context.ts';
import { openGrants } from './open-grants.ts';

/** @throws TransshipError store-locked, store-unavailable */
export async function withAccessHere<Result>(
  context: Context,
  config: Config,
  { readsOnly }: { readsOnly: boolean },
  work: (desk: AccessDesk) => Promise<Result>,
): Promise<Result> {
  await using opened = new AsyncDisposableStack();
  const { deps, registries } = await openGrants(opened, context, config, readsOnly);
  const { signal } = context;
  const terms: AccessTerms = {
    actor: `user ${userInfo().username}`,
    holder: `process ${process.pid}`,
    signal,
    mirror: (payload) => copyNow(payload, registries, signal),
  };
  const desk: AccessDesk = {
    preview: async (order) => previewAccess(deps, await prepareAccess(deps, order, terms), terms),
    apply: async (order) => applyAccess(deps, await prepareAccess(deps, order, terms), terms),
  };
  // the store and the connections live until it is done
  return await work(desk);
}

async function copyNow(
  payload: MirrorPayload,
  registries: Registries,
  signal: AbortSignal,
): ReturnType<AccessTerms['mirror']> {
  const { targets } = await copyArtifact(mirrorRequest(payload), { registries, signal });
  const [target] = targets;
  if (target?.state === 'copied') return { state: 'done' };
  if (target?.state === 'unchanged') return { state: 'unchanged' };
  const { message = 'it was not copied', hint } = target?.error ?? {};
  return { state: 'failed', why: message, ...(hint === undefined ? {} : { hint }) };
}
