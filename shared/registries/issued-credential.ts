// Checks what is about to be handed out as a credential: what no registry could take, or what is over already, never gets into a cluster.
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { IssuedCredential } from './issuer.ts';
import { earlier, tokenExpiry } from './token-expiry.ts';

type Given = Omit<IssuedCredential, 'identity' | 'issuedAt'> & {
  registry: string;
  identity?: string;
  /** The clock by which the secret's own `exp` is read: the issuer's, where it told; else ours. */
  clockAt?: Date;
  now: number;
};

/**
 * The credential with the end that it has by its own word or by what is given, on this machine's clock.
 * @throws TransshipError invalid-config, unauthorized where it is over
 */
export function issuedCredential(given: Given): IssuedCredential {
  const { registry, username, secret, now, warnings = [] } = given;
  checkText(registry, 'user name', username);
  if (username.trim() === '' || username.includes(':')) {
    const reason = username.includes(':') ? 'has a ":"' : 'is empty';
    throw unusable(registry, `the user name ${reason}`, 'give the name by which the registry knows it');
  }
  checkText(registry, 'password or token', secret.reveal());
  const byToken = tokenExpiry(secret.reveal());
  const skewMs = given.clockAt === undefined ? 0 : now - given.clockAt.getTime();
  const shifted = byToken === undefined ? undefined : new Date(byToken.getTime() + skewMs);
  const expiresAt = earlier(given.expiresAt, shifted);
  if (expiresAt !== undefined && expiresAt.getTime() <= now) {
    throw new TransshipError(
      'unauthorized',
      `the credential of ${printable(username, 100)} for ${registry} ended at ${expiresAt.toISOString()}`,
      {
        hint: 'renew it where it is kept; what clusters hold stays as it is',
        details: { registry, operation: 'issue credential' },
      },
    );
  }
  return {
    username,
    secret,
    issuedAt: new Date(now),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    identity: given.identity ?? username,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** A line break at the end of a secret was dropped when it was read; anywhere else it is a mistake, and would end a header. */
function checkText(registry: string, what: string, text: string): void {
  // eslint-disable-next-line no-control-regex
  if (!/[\u0000-\u001F\u007F]/.test(text)) return;
  throw unusable(
    registry,
    `the ${what} has a line break or another control character in it`,
    'write it anew, without the line break: printf %s "$TOKEN" > FILE',
  );
}

function unusable(registry: string, reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', `the credential for ${registry} cannot be used: ${reason}`, {
    hint,
    details: { registry, operation: 'issue credential' },
  });
}
