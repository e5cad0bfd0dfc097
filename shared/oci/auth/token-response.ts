// Reads a token server's answer. Whatever it says beyond the token and its life is not believed: the registry decides what a token is good for.
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md#token-response-fields
import { TransshipError } from '../../errors.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { TokenGrant } from './token-cache.ts';

const MOST_BYTES = 64 * 1024;
const LEAST_LIFE_S = 60;
const MOST_LIFE_S = 24 * 60 * 60;

/** @throws TransshipError invalid-response */
export function parseTokenResponse(body: Uint8Array, registry: string, realm: URL, receivedAt: number): TokenGrant {
  const fail = (reason: string) =>
    new TransshipError('invalid-response', `the token server ${realm.host} of ${registry} ${reason}`, {
      hint: 'check the token server of the registry (the realm of its challenge)',
      details: { registry, operation: 'fetch token', realm: realm.host },
    });
  if (body.byteLength > MOST_BYTES) throw fail('answered with more than 64 KiB');
  const document = parseObject(body);
  if (document === undefined) throw fail('did not answer with a JSON object');
  const token = [document['token'], document['access_token']].find(
    (value) => typeof value === 'string' && value !== '',
  );
  if (typeof token !== 'string') throw fail('answered without a token');
  // The token goes into a header: nothing but visible ASCII may.
  if (!/^[\x21-\x7e]+$/.test(token)) throw fail('answered with a token that does not fit into a header');
  return { token: new Secret(token), receivedAt, lifeMs: lifeSeconds(document['expires_in']) * 1000 };
}

function lifeSeconds(value: unknown): number {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(seconds)) return LEAST_LIFE_S;
  return Math.min(Math.max(seconds, LEAST_LIFE_S), MOST_LIFE_S);
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
