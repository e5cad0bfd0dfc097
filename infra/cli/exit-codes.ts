// The exit codes that scripts rely on, and which class of error gives which.
import { isTransshipError, type ErrorCode } from '../../shared/errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partlyFailed: 3,
  refused: 4,
  changes: 5,
  interrupted: 130,
} as const;

export const EXIT_CODE_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: 'done; nothing wrong',
  [EXIT.failed]: 'failed',
  [EXIT.usage]: 'usage or configuration',
  [EXIT.partlyFailed]: 'partly failed (some targets, tags or namespaces)',
  [EXIT.refused]: 'refused: a conflict, which is left as it is; nothing changed',
  [EXIT.changes]: 'there are changes',
  [EXIT.interrupted]: 'interrupted; nothing half-done is visible',
};

const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  'invalid-usage': EXIT.usage,
  'invalid-reference': EXIT.usage,
  'invalid-digest': EXIT.usage,
  'invalid-platform': EXIT.usage,
  'invalid-config': EXIT.usage,
  'invalid-credential-file': EXIT.usage,
  'invalid-response': EXIT.failed,
  'invalid-manifest': EXIT.failed,
  'unsupported-manifest': EXIT.failed,
  'manifest-too-large': EXIT.failed,
  'digest-mismatch': EXIT.failed,
  'size-mismatch': EXIT.failed,
  'connection-failed': EXIT.failed,
  'tls-failed': EXIT.failed,
  timeout: EXIT.failed,
  'egress-denied': EXIT.failed,
  'too-many-redirects': EXIT.failed,
  unauthorized: EXIT.failed,
  denied: EXIT.failed,
  'not-found': EXIT.failed,
  unsupported: EXIT.failed,
  'too-many-requests': EXIT.failed,
  'registry-unavailable': EXIT.failed,
  'registry-error': EXIT.failed,
  'upload-lost': EXIT.failed,
  'blob-unknown': EXIT.failed,
  'object-conflict': EXIT.failed,
  'object-refused': EXIT.failed,
  'list-expired': EXIT.failed,
  'cluster-unavailable': EXIT.failed,
  'no-matching-platform': EXIT.failed,
  'conflict-refused': EXIT.refused,
  'tag-immutable': EXIT.refused,
  'plan-changed': EXIT.refused,
  'grant-refused': EXIT.refused,
  'credential-helper-failed': EXIT.failed,
  'copy-failed': EXIT.failed,
  'deploy-failed': EXIT.failed,
  'invalid-job': EXIT.failed,
  'fence-lost': EXIT.failed,
  'worker-lost': EXIT.failed,
  'store-unavailable': EXIT.failed,
  'store-locked': EXIT.failed,
  interrupted: EXIT.interrupted,
  'webhook-unauthorized': EXIT.failed,
  'server-error': EXIT.failed,
  internal: EXIT.failed,
};

/** The exit code for anything that was thrown. */
export function exitCodeOf(error: unknown): number {
  return isTransshipError(error) ? EXIT_CODES[error.code] : EXIT.failed;
}

/** True for a code that this version has, of which a server may be another one. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(EXIT_CODES, code);
}
