// A credential that is loaded when a registry first asks for it, and anew once the registry refused it.
import type { Credential, CredentialSource } from '../oci/credential.ts';
import { isSameCredential } from './same-credential.ts';

/**
 * Loads once for all that ask, and again after a refusal of what would be given: a file may have been rotated meanwhile.
 * A failure is not remembered. The source throws what `load` throws.
 */
export function rememberedCredential(load: () => Promise<Credential>): CredentialSource {
  let loading: Promise<Credential> | undefined;

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
    if (refused === undefined || !isSameCredential(found, refused)) return found;
    // Of many requests that were refused together, the first one forgets; the others wait for what it finds.
    if (loading === used) loading = undefined;
    return current();
  };
}
