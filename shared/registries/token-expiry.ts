// What a token tells of its own end, as far as it can be read: nobody checks a signature here, since the registry will.

/** When a secret ends by its own word, undefined for what does not tell: the `exp` of a JWT, or the one in a token of ECR. */
export function tokenExpiry(secret: string): Date | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(secret) ?? [];
  if (payload !== undefined) return dateOf(parseObject(payload, 'base64url')?.['exp']);
  // https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
  if (/^[A-Za-z0-9+/]{200,}={0,2}$/.test(secret)) return dateOf(parseObject(secret, 'base64')?.['expiration']);
  return undefined;
}

/** The earlier one of two ends, of which either may be unknown. */
export function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.getTime() <= other.getTime() ? one : other;
}

function parseObject(text: string, encoding: 'base64' | 'base64url'): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, encoding).toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds since the epoch; what is no possible date is none. */
function dateOf(seconds: unknown): Date | undefined {
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < 32_503_680_000)) return undefined;
  return new Date(seconds * 1000);
}
