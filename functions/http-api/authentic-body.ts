// The body of a notification, for its receiver only: of senders whom a header or the path already gives away nothing is read, and what
// is signed for nobody passes by without being kept. So nobody without a credential fills the memory.
//
//   header, token, path ─▶ refused before the body | body read ─▶ work
//   signature           ─▶ body read ─▶ refused | work
//   a signature, but nobody whose it could be ─▶ body heard out, hashed, not kept ─▶ refused
//
import { createHmac, randomBytes } from 'node:crypto';
import { authenticate, unauthorized, type AuthContext } from '../../shared/events/authenticate.ts';
import type { PushSource, Signature } from '../../shared/events/push-source.ts';
import type { Receiver, RequestHeaders } from '../../shared/events/receiver.ts';
import type { BodyBudget } from './body-budget.ts';
import { passBytes, withBytes } from './read-bytes.ts';

type Incoming = { request: Request; headers: RequestHeaders; budget: BodyBudget };

const NOTHING = new Uint8Array();
const HEX_LENGTH = { sha256: 64, sha1: 40 } as const;

/**
 * The result of the work with the raw bytes of an authentic request; undefined for a body above the limit of the kind.
 * @throws TransshipError webhook-unauthorized, connection-failed when signing keys cannot be fetched; Refusal 400, 503 of the body
 */
export async function withAuthenticBody<Result>(
  { request, headers, budget }: Incoming,
  source: PushSource,
  receiver: Receiver & { isStandIn?: true },
  context: AuthContext,
  work: (rawBody: Uint8Array) => Promise<Result>,
): Promise<Result | undefined> {
  const limits = { limitBytes: source.maxBodyBytes, budget };
  const isBySignature = receiver.auth.mode === 'hmac';
  const signature = signatureOf(source, headers);
  try {
    if (!isBySignature) await authenticate(source, { headers, rawBody: NOTHING }, receiver.auth, context);
    else if (signature === undefined || receiver.isStandIn) throw unauthorized('no signature, or nobody whose it is');
  } catch (error) {
    // whether there is such a receiver must not be told by when the answer comes
    if (signature !== undefined) {
      const hmac = createHmac(signature.algorithm, randomBytes(32));
      if (!(await passBytes(request, limits, (chunk) => hmac.update(chunk)))) return undefined;
      hmac.digest();
    }
    throw error;
  }
  return withBytes(request, limits, async (rawBody) => {
    if (rawBody === undefined) return undefined;
    if (isBySignature) await authenticate(source, { headers, rawBody }, receiver.auth, context);
    return work(rawBody);
  });
}

/** Of a request that carries something of the form of a signature. */
function signatureOf({ signature }: PushSource, headers: RequestHeaders): Signature | undefined {
  if (signature === undefined) return undefined;
  const { header, algorithm, prefix } = signature;
  const given = headers[header] ?? '';
  return given.length === prefix.length + HEX_LENGTH[algorithm] && given.startsWith(prefix) ? signature : undefined;
}
