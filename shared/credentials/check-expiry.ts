// When a credential ends, as far as it says so itself or its Secret says so, and what to do about that.
import { printable } from '../telemetry/printable.ts';
import { type AuthEntry, isRecord } from './auth-entry.ts';
import type { SecretFinding } from './secret-finding.ts';
import { MARK_DOMAIN } from './secret-marks.ts';

/** Annotations with times: ours, and that of the platform that the guides describe. */
const EXPIRY_ANNOTATIONS = [`${MARK_DOMAIN}/expires-at`, 'alauda.io/expiry'];
const SOON_MS = 15 * 60_000;

type Bearer = { entry: AuthEntry } | { annotations: Readonly<Record<string, string>> };

export function checkExpiry(bearer: Bearer, now: Date): SecretFinding[] {
  const ends = 'entry' in bearer ? endsOfEntry(bearer.entry) : endsOfAnnotations(bearer.annotations);
  return ends.flatMap(({ what, end }) => verdict(what, end, now));
}

function verdict(what: string, end: Date, now: Date): SecretFinding[] {
  const when = end.toISOString().replace(/\.\d+Z$/, 'Z');
  const left = end.getTime() - now.getTime();
  if (left > SOON_MS) return [];
  return [
    {
      code: 'PS-7',
      severity: left <= 0 ? 'error' : 'warning',
      message: `${what} ${left <= 0 ? 'ended' : 'ends'} at ${when}`,
      fix: 'refresh it now: transship credentials refresh, or make the Secret anew',
    },
  ];
}

function endsOfEntry({ key, password }: AuthEntry): { what: string; end: Date }[] {
  const end = jwtEnd(password) ?? ecrEnd(password);
  return end === undefined ? [] : [{ what: `the credential of ${printable(key)}`, end }];
}

function endsOfAnnotations(annotations: Readonly<Record<string, string>>): { what: string; end: Date }[] {
  return EXPIRY_ANNOTATIONS.flatMap((name) => {
    const text = annotations[name];
    const end = text === undefined ? undefined : timeOf(/^\d+$/.test(text) ? Number(text) : text);
    return end === undefined ? [] : [{ what: `by its annotation ${name} it`, end }];
  });
}

/** `exp` of a token. https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4 */
function jwtEnd(password: string): Date | undefined {
  const parts = password.split('.');
  return parts.length === 3 ? numberIn(parts[1] ?? '', 'base64url', 'exp') : undefined;
}

/** A password of ECR is base64 of {"payload", "datakey", "version", "type", "expiration"}. */
function ecrEnd(password: string): Date | undefined {
  return /^eyJ[A-Za-z0-9+/]+=*$/.test(password) ? numberIn(password, 'base64', 'expiration') : undefined;
}

function numberIn(text: string, encoding: 'base64' | 'base64url', name: string): Date | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(text, encoding).toString('utf8'));
    const seconds = isRecord(content) ? content[name] : undefined;
    return typeof seconds === 'number' ? timeOf(seconds) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds since 1970, or a text. */
function timeOf(time: number | string): Date | undefined {
  const date = new Date(typeof time === 'number' ? time * 1000 : time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
