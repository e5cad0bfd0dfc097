// The public keys of those who issue tokens: fetched from fixed places through a function of the host, kept, and fetched
// again when a token names a key that is not among them, but not more often than every five minutes.
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { TransshipError } from '../errors.ts';

/** Where an issuer publishes its keys: at a URL, or where its discovery document says. */
export type KeyPlace = { jwksUrl: string } | { issuer: string };

/** Gets a JSON document over HTTPS, from a URL that no request had a part in. */
export type FetchJson = (url: URL) => Promise<unknown>;

/** Finds the keys of an issuer. One per process: it remembers. */
export type SigningKeys = { of(place: KeyPlace, kid: string): Promise<JWTVerifyGetKey> };

const REFETCH_AFTER_MS = 5 * 60_000;
const RETRY_AFTER_MS = 5_000;
// Keys that an issuer withdrew stop being good without anybody naming a new one.
const FRESH_FOR_MS = 60 * 60_000;

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });

type Fetched = { keys: JSONWebKeySet; getKey: JWTVerifyGetKey; atMs: number };
type Entry = { fetched?: Fetched; triedAtMs: number; pending?: Promise<void> };

/** Keeps keys in memory; `now` in milliseconds. */
export function createSigningKeys(fetchJson: FetchJson, now: () => number): SigningKeys {
  const entries = new Map<string, Entry>();

  const refresh = async (entry: Entry, place: KeyPlace): Promise<void> => {
    entry.triedAtMs = now();
    const keys = await fetchKeys(place, fetchJson);
    // 46 files, and most servers never see a token
    const { createLocalJWKSet } = await import('jose');
    entry.fetched = { keys, getKey: createLocalJWKSet(keys), atMs: entry.triedAtMs };
  };

  return {
    async of(place, kid) {
      const name = 'issuer' in place ? place.issuer : place.jwksUrl;
      const entry = entries.get(name) ?? { triedAtMs: Number.NEGATIVE_INFINITY };
      entries.set(name, entry);
      if (entry.pending !== undefined || isDue(entry, kid, now())) {
        entry.pending ??= refresh(entry, place).finally(() => delete entry.pending);
        // old keys are better than none: the issuer may be out of reach for a moment
        await entry.pending.catch((error: unknown) => {
          if (entry.fetched === undefined) throw unavailable(name, error);
        });
      }
      if (entry.fetched === undefined) throw unavailable(name);
      return entry.fetched.getKey;
    },
  };
}

function isDue({ fetched, triedAtMs }: Entry, kid: string, nowMs: number): boolean {
  if (fetched === undefined) return nowMs - triedAtMs >= RETRY_AFTER_MS;
  if (nowMs - triedAtMs < REFETCH_AFTER_MS) return false;
  return nowMs - fetched.atMs >= FRESH_FOR_MS || !fetched.keys.keys.some((key) => key.kid === kid);
}

async function fetchKeys(place: KeyPlace, fetchJson: FetchJson): Promise<JSONWebKeySet> {
  if ('jwksUrl' in place) return KeySet.parse(await fetchJson(new URL(place.jwksUrl)));
  // https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
  const document = await fetchJson(new URL(`${place.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`));
  const { issuer, jwks_uri: jwksUri } = Discovery.parse(document);
  if (issuer !== place.issuer) throw new Error(`the discovery document is that of ${issuer}`);
  return KeySet.parse(await fetchJson(new URL(jwksUri)));
}

function unavailable(name: string, cause?: unknown): TransshipError {
  return new TransshipError('connection-failed', `the signing keys of ${name} could not be fetched`, {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
    hint: 'check that this host may reach the issuer over HTTPS',
    ...(cause === undefined ? {} : { cause }),
  });
}
