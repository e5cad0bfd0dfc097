// What a status of a cloud's API means for who called it. No word of the body is in it but a short code.
import { type ErrorCode, TransshipError } from '../errors.ts';

export type RefusedCall = {
  /** `Google iamcredentials generateAccessToken` */
  what: string;
  status: number;
  /** The server's own word for it: `invalid_grant`, `AADSTS7000215`. Dropped if it is anything but a word. */
  reason?: string | undefined;
  /** What to do about a 400, 401, 403 or 404. */
  hint: string;
  registry?: string | undefined;
};

export function statusError({ what, status, reason, hint, registry }: RefusedCall): TransshipError {
  const [code, retryable, advice] = classify(status, hint);
  const word = isWord(reason) ? ` ${reason}` : '';
  return new TransshipError(code, `${what}: answered ${status}${word}`, {
    hint: advice,
    retryable,
    details: {
      operation: what,
      status,
      ...(isWord(reason) ? { reason } : {}),
      ...(registry === undefined ? {} : { registry }),
    },
  });
}

/** A code for machines; sentences may repeat what was sent. */
export function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z][\w.-]{0,63}$/.test(text);
}

function classify(status: number, hint: string): [ErrorCode, boolean, string] {
  if (status === 429) return ['too-many-requests', true, 'the cloud limits these calls: try again later'];
  if (status >= 500 || status === 408) return ['registry-unavailable', true, 'try again later'];
  if (status === 403) return ['denied', false, hint];
  if (status === 404) return ['not-found', false, hint];
  if (status >= 300 && status < 400) {
    return [
      'invalid-response',
      false,
      'it redirects, which no API of this cloud does: check its address and the proxy',
    ];
  }
  return [status === 400 || status === 401 ? 'unauthorized' : 'registry-error', false, hint];
}
