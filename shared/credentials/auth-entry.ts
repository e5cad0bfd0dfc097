// Entries of `auths` as the kubelet decodes them: one that it cannot decode makes it refuse the whole Secret, and with that every Secret
// of the Pod.
// https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/config.go

export type AuthEntry = { key: string; username: string; password: string };

export type AuthProblem =
  | 'not-an-object'
  | 'field-not-text'
  /** Not base64 as Go reads it. */
  | 'auth-undecodable'
  /** base64 of something without a colon. */
  | 'auth-without-colon';

/** What stands in an entry for the kubelet, or why it cannot read it. `auth` goes before the two plain fields. */
export function decodeEntry(value: unknown): { username: string; password: string } | AuthProblem {
  if (value === null) return { username: '', password: '' };
  if (!isRecord(value)) return 'not-an-object';
  const [username, password, email, auth] = ['username', 'password', 'email', 'auth'].map((name) => field(value, name));
  if (!isText(username) || !isText(password) || !isText(email) || !isText(auth)) return 'field-not-text';
  return auth === undefined || auth === '' ? { username: username ?? '', password: password ?? '' } : decodeAuth(auth);
}

/** The user and the password in base64; the first colon separates them. */
function decodeAuth(auth: string): { username: string; password: string } | AuthProblem {
  const base64 = auth.replace(/[\r\n]/g, '');
  const isPadded = auth.trim().endsWith('=');
  const pattern = isPadded
    ? /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/
    : /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?$/;
  if (!pattern.test(base64)) return 'auth-undecodable';
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return 'auth-without-colon';
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A member as Go finds it: by its name in any case, the last one. */
export function field(record: Record<string, unknown>, name: string): unknown {
  const found = Object.entries(record).findLast(([key, value]) => key.toLowerCase() === name && value !== null);
  return found?.[1];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
