// Turns what the AWS SDK throws into typed errors that say which call failed and what the identity lacks.
import { type ErrorCode, type ErrorDetails, isTransshipError, messageOf, TransshipError } from '../errors.ts';
import { redactText } from '../telemetry/redact-text.ts';
import { proxyTrouble } from './proxy-failure.ts';

/** `action` is as in policies: `ecr:CreateRepository`. */
type Call = {
  action: string;
  what: string;
  details: ErrorDetails;
  /** It answers with a credential: of what it says, only the name of the error is told. */
  issues?: true;
};

const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation|Forbidden/;
const CLOCK = /RequestTimeTooSkewed|RequestExpired|RequestInTheFuture/;
const WRONG_KEY = /SignatureDoesNotMatch|InvalidSignature|IncompleteSignature/;
const NO_IDENTITY =
  /CredentialsProviderError|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|TokenRefreshRequired|InvalidIdentityToken|IDPCommunicationError/;
const NOT_THERE = /^(?:ResourceNotFoundException|ParameterNotFound|NoSuchKey|NoSuchBucket)$/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded/;

/** Wraps a thrown value; a TransshipError passes unchanged. */
export function awsError(error: unknown, { action, what, details, issues }: Call): TransshipError {
  if (isTransshipError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const message = redactText(messageOf(error).replace(/\s+/g, ' '));
  const status = statusOf(error);
  const [code, retryable, advice] = classify(name, message, status, action);
  const hint = proxyTrouble(error)?.hint ?? advice;
  const told = issues === true && status !== undefined ? `${name} (${status})` : message;
  return new TransshipError(code, `${what}: ${action} failed: ${told}`, {
    hint,
    retryable,
    details: status === undefined ? details : { ...details, status },
    ...(issues === true ? {} : { cause: error }),
  });
}

function classify(
  name: string,
  message: string,
  status: number | undefined,
  action: string,
): [ErrorCode, boolean, string] {
  // "Signature expired: … is now earlier than …"
  if (CLOCK.test(name) || (WRONG_KEY.test(name) && /expired|not yet current|skew/i.test(message))) {
    return ['unauthorized', true, 'set the clock of this machine: AWS takes requests that are at most 5 minutes off'];
  }
  if (DENIED.test(name) && message.includes('sts:AssumeRole')) {
    return [
      'denied',
      false,
      'let the trust policy of the role name this AWS identity (and its external id), and allow it sts:AssumeRole',
    ];
  }
  if (DENIED.test(name) || name === 'SignatureDoesNotMatch') {
    return ['denied', false, `allow ${action} to this AWS identity in its policy`];
  }
  if (NO_IDENTITY.test(name) || WRONG_KEY.test(name)) {
    return [
      'unauthorized',
      false,
      'give this process an AWS identity: a role, a profile (aws sso login), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ];
  }
  if (/Region is missing/i.test(message)) {
    return ['invalid-config', false, 'name the region: credential: { aws: { region: … } }, or set AWS_REGION'];
  }
  if (THROTTLED.test(name) || status === 429)
    return ['too-many-requests', true, 'AWS limits these calls: try again later'];
  // the SDK calls a cut connection so, too
  if (name === 'TimeoutError' && !/hang up|ECONNRESET|EPIPE/.test(message))
    return ['timeout', true, 'check the network and the address of the AWS API'];
  if (name === 'UnsupportedCommandException') {
    return ['invalid-config', false, 'ECR Public is asked in us-east-1 only: check AWS_ENDPOINT_URL'];
  }
  if (NOT_THERE.test(name)) {
    return ['not-found', false, 'check name and region, and that this AWS identity is of the right account'];
  }
  if (name === 'SyntaxError')
    return ['invalid-response', true, 'check the address of the AWS API (AWS_ENDPOINT_URL) and the proxy'];
  if (status === undefined) return ['connection-failed', true, 'check the network and the address of the AWS API'];
  if (status >= 500)
    return ['registry-unavailable', true, 'try again later, and look at https://health.aws.amazon.com/health/status'];
  return ['registry-error', false, 'look the message up in the documentation of the AWS API'];
}

/** Absent where AWS did not answer at all. */
function statusOf(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
