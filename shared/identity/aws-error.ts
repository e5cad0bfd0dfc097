// Turns what the AWS SDK throws into typed errors that say which call failed and what the identity lacks.
import { type ErrorCode, type ErrorDetails, isTransshipError, messageOf, TransshipError } from '../errors.ts';
import { redactText } from '../telemetry/redact-text.ts';

/** `action` is as in policies: `ecr:CreateRepository`. */
type Call = { action: string; what: string; details: ErrorDetails };

const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation|SignatureDoesNotMatch/;
const NO_IDENTITY =
  /CredentialsProviderError|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|TokenRefreshRequired/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded/;

/** Wraps a thrown value; a TransshipError passes unchanged. */
export function awsError(error: unknown, { action, what, details }: Call): TransshipError {
  if (isTransshipError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const message = redactText(messageOf(error).replace(/\s+/g, ' '));
  const [code, retryable, hint] = classify(name, message, error, action);
  return new TransshipError(code, `${what}: ${action} failed: ${message}`, { hint, retryable, details, cause: error });
}

function classify(name: string, message: string, error: unknown, action: string): [ErrorCode, boolean, string] {
  if (DENIED.test(name)) return ['denied', false, `allow ${action} to this AWS identity in its policy`];
  if (NO_IDENTITY.test(name)) {
    return [
      'unauthorized',
      false,
      'give this process an AWS identity: a role, a profile (aws sso login), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ];
  }
  if (/Region is missing/i.test(message)) {
    return ['invalid-config', false, 'name the region: credential: { aws: { region: … } }, or set AWS_REGION'];
  }
  if (THROTTLED.test(name)) return ['too-many-requests', true, 'AWS limits these calls: try again later'];
  if (statusOf(error) === undefined)
    return ['connection-failed', true, 'check the network and the address of the AWS API'];
  return ['registry-error', false, 'look the message up in the documentation of the AWS API'];
}

/** Absent where AWS did not answer at all. */
function statusOf(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
