// A token bucket for each client: a minute's worth at once, then as it refills. Memory only, and bounded.
import { networkOf } from './client-network.ts';

/** Takes one request. Milliseconds until the next one is allowed, 0 where this one is. */
export type RateLimit = (client: string, nowMs: number, perMinute: number) => number;

const MAX_CLIENTS = 10_000;
const MINUTE_MS = 60_000;

type Bucket = { left: number; atMs: number };

export function createRateLimit(): RateLimit {
  // the client that was seen last stands last
  const buckets = new Map<string, Bucket>();

  return (client, nowMs, perMinute) => {
    const name = networkOf(client);
    const { left, atMs } = buckets.get(name) ?? { left: perMinute, atMs: nowMs };
    const now = Math.min(perMinute, left + (Math.max(0, nowMs - atMs) * perMinute) / MINUTE_MS);
    buckets.delete(name);
    buckets.set(name, { left: now >= 1 ? now - 1 : now, atMs: nowMs });
    const [oldest] = buckets.keys();
    if (buckets.size > MAX_CLIENTS && oldest !== undefined) buckets.delete(oldest);
    return now >= 1 ? 0 : ((1 - now) * MINUTE_MS) / perMinute;
  };
}
