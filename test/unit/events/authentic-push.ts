// Sends any body to a receiver of any kind with a right credential, for tests that are about what comes after it.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportJWK, type JSONWebKeySet, SignJWT } from 'jose';
import { PUSH_SOURCES, receivePush } from '../../../shared/events/index.ts';
import type { PushEvent, ReceiverKind } from '../../../shared/events/push-event.ts';
import type { Receiver, ReceiverAuth } from '../../../shared/events/receiver.ts';

const SECRET = 'test-secret';
const CHAINGUARD = { issuer: 'https://issuer.enforce.dev', audience: 'customer', subject: 'webhook:team' };
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWKS: JSONWebKeySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
const TOKEN = await new SignJWT()
  .setProtectedHeader({ alg: 'RS256', kid: 'one' })
  .setIssuer(CHAINGUARD.issuer)
  .setAudience(CHAINGUARD.audience)
  .setSubject(CHAINGUARD.subject)
  .setExpirationTime('1h')
  .sign(privateKey);

type Options = { headers?: Record<string, string>; receiver?: Partial<Receiver> };

/** The events of an authentic request; a body that is no bytes is sent as JSON. */
export async function push(kind: ReceiverKind, body: unknown, options: Options = {}): Promise<PushEvent[]> {
  const rawBody = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const [auth, credential] = credentialOf(kind, rawBody);
  const registry = { id: 'main', hosts: ['registry.example.com'] };
  const receiver = { id: 'test', registry, auth, ...options.receiver };
  return receivePush(kind, { headers: { ...options.headers, ...credential }, rawBody }, receiver);
}

function credentialOf(kind: ReceiverKind, rawBody: Uint8Array): [ReceiverAuth, Record<string, string>] {
  const { modes, signature } = PUSH_SOURCES[kind];
  if (modes.includes('path')) return [{ mode: 'path' }, {}];
  if (modes.includes('platform')) return [{ mode: 'platform' }, {}];
  if (modes.includes('header')) return [{ mode: 'header', name: 'x-test', secrets: [SECRET] }, { 'x-test': SECRET }];
  if (signature === undefined) {
    return [{ mode: 'chainguard-oidc', ...CHAINGUARD, jwks: JWKS }, { authorization: `Bearer ${TOKEN}` }];
  }
  const { header, algorithm, prefix } = signature;
  const value = prefix + createHmac(algorithm, SECRET).update(rawBody).digest('hex');
  return [{ mode: 'hmac', secrets: [SECRET] }, { [header]: value }];
}
