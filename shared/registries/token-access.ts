// What a registry's bearer token says of the rights that it gives. Nobody checks its signature here: the registry will.
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/jwt.md

/** Whether it gives the right to pull some repository; undefined for a token that does not say, because it is no JWT or has no `access`. */
export function pullIn(token: string): boolean | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (payload === undefined) return undefined;
  const access = accessOf(payload);
  if (!Array.isArray(access)) return undefined;
  return access.some((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('actions' in entry) || !Array.isArray(entry.actions))
      return false;
    return entry.actions.some((action) => action === 'pull' || action === '*');
  });
}

function accessOf(payload: string): unknown {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && 'access' in claims ? (claims.access ?? []) : undefined;
  } catch {
    return undefined;
  }
}
