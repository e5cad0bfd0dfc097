// What a registry says of the requests that are left to a client: https://docs.docker.com/docker-hub/usage/pulls/#view-pull-rate-and-limit

export type Quota = {
  limit: number;
  remaining: number;
  /** How long it lasts, where the registry says so. */
  windowSeconds?: number;
  seenAt: Date;
};

/** Undefined where the headers say nothing of it, or nothing that can be read. @param now milliseconds since the epoch */
export function readQuota(headers: Readonly<Record<string, string | undefined>>, now: () => number): Quota | undefined {
  const stated = headers['ratelimit-limit'];
  if (stated === undefined) return undefined;
  const [, limit, window] = /^(\d{1,9})(?:;w=(\d{1,9}))?$/.exec(stated) ?? [];
  const [, remaining] = /^(\d{1,9})(?:;|$)/.exec(headers['ratelimit-remaining'] ?? '') ?? [];
  if (limit === undefined || remaining === undefined) return undefined;
  return {
    limit: Number(limit),
    remaining: Number(remaining),
    ...(window === undefined ? {} : { windowSeconds: Number(window) }),
    seenAt: new Date(now()),
  };
}
