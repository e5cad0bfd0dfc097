// The login of copies, sync and sweeps by an issuer: issued when a registry first asks for it, remembered until half of its life, issued
// anew once the registry refused it. What is still good is kept where no new one can be had.
import { isTransshipError } from '../errors.ts';
import type { Credential, CredentialSource } from '../oci/auth/credential.ts';
import type { IssuedCredential, Issuer } from './issuer.ts';
import { isSameCredential } from './same-credential.ts';

type Kept = { issued: IssuedCredential; credential: Credential; renewAt: number };

/** How long a failed renewal is not tried again, and how long a registry may go on refusing before another one is issued for it. */
const RETRY_MS = 30_000;

/** The source throws what the issuer throws. */
export function credentialsOf(issuer: Issuer, now: () => number = Date.now): CredentialSource {
  let kept: Kept | undefined;
  let loading: Promise<Kept> | undefined;
  let refusedUntil = Number.NEGATIVE_INFINITY;

  const load = (): Promise<Kept> => {
    loading ??= issuer
      .issue()
      .then((issued) => (kept = toKept(issued)))
      .finally(() => (loading = undefined));
    return loading;
  };

  const renew = async (old: Kept): Promise<Kept> => {
    try {
      return await load();
    } catch (error) {
      const endsAt = old.issued.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
      if (!isTransshipError(error) || endsAt <= now()) throw error;
      kept = withRenewal(old.issued, Math.min(now() + RETRY_MS, endsAt));
      return kept;
    }
  };

  return async ({ refused }) => {
    const found = kept ?? (await load());
    // Those that were refused together wait for one new credential: the call under way is shared.
    if (refused !== undefined && isSameCredential(found.credential, refused)) {
      // What was issued for a refusal a moment ago is refused, too: who lacks the right would ask the cloud anew with each request.
      if (loading === undefined && now() < refusedUntil) return found.credential;
      const { credential } = await load();
      refusedUntil = now() + RETRY_MS;
      return credential;
    }
    return (found.renewAt <= now() ? await renew(found) : found).credential;
  };
}

function toKept(issued: IssuedCredential): Kept {
  const { issuedAt, expiresAt } = issued;
  const lifeMs = (expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - issuedAt.getTime();
  return withRenewal(issued, issuedAt.getTime() + lifeMs / 2);
}

function withRenewal(issued: IssuedCredential, renewAt: number): Kept {
  return {
    issued,
    renewAt,
    credential: {
      kind: 'basic',
      username: issued.username,
      password: issued.secret,
      ...(Number.isFinite(renewAt) ? { renewAt: new Date(renewAt) } : {}),
    },
  };
}
