// Authenticates a request on its raw bytes, before anything in it is parsed. What is wrong with a credential stays in the
// cause: all refusals look the same from outside.
import { isTransshipError, TransshipError } from '../errors.ts';
import type { PushSource } from './push-source.ts';
import type { PushRequest, ReceiverAuth } from './receiver.ts';
import { headerOf } from './request-header.ts';
import { matchingSecret, matchingSignature } from './shared-secret.ts';
import type { SigningKeys } from './signing-keys.ts';

export type AuthContext = {
  /** The request came from a network, where mode `platform` proves nothing and is refused. */
  overHttp?: boolean;
  /** For the validity of tokens; the system's clock by default. */
  now?: () => Date;
  /** Needed by modes with tokens, unless the receiver has keys of its own. */
  keys?: SigningKeys;
  /** Told which of the secrets was used: while two are valid, that shows whether the old one still is needed. */
  onSecret?: (index: number) => void;
};

/** Resolves for an authentic request. @throws TransshipError webhook-unauthorized, connection-failed when signing keys cannot be fetched */
export async function authenticate(
  source: PushSource,
  { headers, rawBody }: PushRequest,
  auth: ReceiverAuth,
  context: AuthContext,
): Promise<void> {
  if (!source.modes.includes(auth.mode)) throw unauthorized(`mode ${auth.mode} is not one of this kind`);
  if (auth.mode === 'platform' && context.overHttp === true) throw unauthorized('mode platform is none of HTTP');
  if (auth.mode === 'path' || auth.mode === 'platform') return;
  if (auth.mode === 'hmac') {
    if (source.signature === undefined) throw unauthorized('this kind is not signed');
    const given = headerOf(headers, source.signature.header);
    return acceptSecret(matchingSignature(given, rawBody, auth.secrets, source.signature), context);
  }
  if (auth.mode === 'header') {
    const given = headerOf(headers, auth.name.toLowerCase());
    return acceptSecret(matchingSecret(given, auth.secrets), context);
  }
  try {
    // a third of the time that this room needs to load, and only some receivers want it
    const { verifyToken } = await import('./oidc.ts');
    await verifyToken(headerOf(headers, 'authorization'), auth, context.now?.() ?? new Date(), context.keys);
  } catch (error) {
    throw isTransshipError(error) ? error : unauthorized(error);
  }
}

function acceptSecret(index: number | undefined, { onSecret }: AuthContext): void {
  if (index === undefined) throw unauthorized('the credential is missing or wrong');
  onSecret?.(index);
}

/** The one refusal: of a wrong credential, a wrong token in the path, and a receiver that does not exist. */
export function unauthorized(cause: unknown): TransshipError {
  return new TransshipError('webhook-unauthorized', 'the webhook request is not authenticated', {
    hint: 'compare the secret at the sender with the one of this receiver',
    cause,
  });
}
