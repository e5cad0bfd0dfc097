// Turns what Google's library throws into typed errors. Its messages quote what token servers answer, so that none of them is repeated.
import { isTransshipError, messageOf, TransshipError } from '../errors.ts';
import { isRecord } from './json-call.ts';
import type { SecretSource } from './secret-source.ts';
import { proxyTrouble } from './proxy-failure.ts';
import { isWord, statusError } from './status-error.ts';

const WHAT = "Google's token server";
const LOG_IN =
  'run where Google gives an identity (GKE, Compute Engine, Cloud Run), name a file with credentials, or run: gcloud auth application-default login';

/** A TransshipError passes unchanged. */
export function googleError(error: unknown, file: SecretSource | undefined): TransshipError {
  if (isTransshipError(error)) return error;
  const origin = file === undefined ? "Google's default credentials" : `the Google credentials in ${file.name}`;
  const details = { operation: 'log in to Google' };
  const { status, reason } = answerIn(error);
  if (status !== undefined) {
    return statusError({ what: `${WHAT} for ${origin}`, status, reason, hint: hintFor(reason, origin) });
  }
  const atProxy = proxyTrouble(error);
  if (atProxy !== undefined) {
    return new TransshipError('connection-failed', `${WHAT} for ${origin} cannot be reached: ${atProxy.reason}`, {
      hint: atProxy.hint,
      retryable: true,
      details,
    });
  }
  const message = messageOf(error);
  if (/Could not load the default credentials/.test(message)) {
    return new TransshipError('unauthorized', 'there are no default credentials of Google here', {
      hint: LOG_IN,
      details,
    });
  }
  if (
    /GOOGLE_APPLICATION_CREDENTIALS|credential.?source|PEM|DECODER|ENOENT|JSON|subject token|executable/i.test(message)
  ) {
    return new TransshipError('invalid-config', `${origin} cannot be used`, {
      hint: 'check that the file is there, whole, and readable, and so is the file with the subject token that it names',
      details,
    });
  }
  const code = codeOf(error);
  if (code === undefined) {
    return new TransshipError('invalid-response', `${WHAT} for ${origin} answered what it should not`, {
      hint: 'look whether a proxy answers in place of Google',
      retryable: true,
      details,
    });
  }
  return new TransshipError('connection-failed', `${WHAT} for ${origin} cannot be reached: ${code}`, {
    hint: 'check the network and the proxy (HTTPS_PROXY)',
    retryable: true,
    details,
  });
}

function hintFor(reason: string | undefined, origin: string): string {
  if (reason === 'invalid_grant') {
    return `check that ${origin} are still valid (key deleted, service account disabled, subject token over), and the clock of this machine`;
  }
  return `check that ${origin} are valid and may be used for this`;
}

/** Status and code of an answer; never its sentences. */
function answerIn(error: unknown): { status?: number; reason?: string } {
  const response = error instanceof Error && 'response' in error ? error.response : undefined;
  const status = statusIn(response) ?? (error instanceof Error && 'status' in error ? error.status : undefined);
  if (typeof status !== 'number') return {};
  const data = isRecord(response) || hasData(response) ? Reflect.get(response, 'data') : undefined;
  const said: unknown = isRecord(data) ? data['error'] : undefined;
  const reason = isRecord(said) ? said['status'] : said;
  return { status, ...(isWord(reason) ? { reason } : {}) };
}

function statusIn(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('status' in response)) return undefined;
  return typeof response.status === 'number' ? response.status : undefined;
}

function hasData(response: unknown): response is { data: unknown } {
  return typeof response === 'object' && response !== null && 'data' in response;
}

function codeOf(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; depth += 1) {
    if ('code' in current && isWord(current.code)) return current.code;
    current = current.cause;
  }
  return undefined;
}
