// A credential that is loaded when a registry first asks for it, and anew when its time is over or once the registry refused it.
import type { Credential, CredentialSource } from '../oci/auth/credential.ts';
import { isSameCredential } from './same-credential.ts';

/**
 * Loads once for all that ask, again from `renewAt` on, and after a refusal of what would be given: a file may have been rotated
 * meanwhile. A failure is not remembered. The source throws what `load` throws.
 */
export function rememberedCredential(load: () => Promise<Credential>, now: () => number = Date.now): CredentialSource {
  let loading: Promise<Credential> | undefined;

  /** Of many that found the same too old, the first one forgets it; the others wait for what it finds. */
  const after = (used: Promise<Credential>): Promise<Credential> => {
    if (loading === used) loading = undefined;
    return current();
  };

  const current = (): Promise<Credential> => {
    const started = (loading ??= load());
    started.catch(() => {
      if (loading === started) loading = undefined;
    });
    return started;
  };

  return async ({ refused }) => {
    const used = current();
    const found = await used;
    if (isOverdue(found, now())) return after(used);
    if (refused === undefined || !isSameCredential(found, refused)) return found;
    return after(used);
  };
}

function isOverdue(credential: Credential, time: number): boolean {
  return credential.kind === 'basic' && credential.renewAt !== undefined && credential.renewAt.getTime() <= time;
}
