// Reads secrets of Secrets Manager and parameters of Systems Manager. ARNs say in which region they are; names do not.
import { TransshipError, type ErrorDetails } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { callAws, objectAt, type AwsSurroundings } from './aws-call.ts';
import { awsEndpoint } from './aws-endpoint.ts';

/** Half a minute for one text is too long for whoever waits for a request that needs it; it is asked for again. */
const TIMEOUT_MS = 4000;

/**
 * The text of a secret; one that is kept as bytes is read as UTF-8.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * @throws TransshipError not-found, denied, invalid-config where no region can be told, and what AWS answers else
 */
export async function getSecretText(id: string, surroundings: AwsSurroundings): Promise<Secret> {
  const what = `the AWS secret ${id}`;
  const { body } = await callAws(
    callOf({ id, what, host: 'secretsmanager', variable: 'SECRETS_MANAGER' }, surroundings, {
      target: 'secretsmanager.GetSecretValue',
      action: 'secretsmanager:GetSecretValue',
      body: { SecretId: id },
    }),
    surroundings,
  );
  const { SecretString: text, SecretBinary: bytes } = body;
  if (typeof text === 'string') return new Secret(text);
  if (typeof bytes === 'string') return new Secret(utf8(Buffer.from(bytes, 'base64'), what));
  throw new TransshipError('invalid-response', `${what}: the answer of AWS holds no secret`, { retryable: true });
}

/**
 * The text of a parameter, decrypted where it is a SecureString, and which edition of it that is.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * @throws TransshipError like `getSecretText`
 */
export async function getParameterText(
  name: string,
  surroundings: AwsSurroundings,
): Promise<{ text: Secret; version: string }> {
  const what = `the AWS parameter ${name}`;
  const { body } = await callAws(
    callOf({ id: name, what, host: 'ssm', variable: 'SSM' }, surroundings, {
      target: 'AmazonSSM.GetParameter',
      action: 'ssm:GetParameter',
      body: { Name: name, WithDecryption: true },
    }),
    surroundings,
  );
  const { Value: text, Version: version } = objectAt(body, 'Parameter');
  if (typeof text === 'string') return { text: new Secret(text), version: String(version) };
  throw new TransshipError('invalid-response', `${what}: the answer of AWS holds no value`, { retryable: true });
}

type Place = { id: string; what: string; host: string; variable: string };

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const ARN = /^arn:[\w-]+:[\w-]+:([\w-]+):\d*:/;

function callOf(
  { id, what, host, variable }: Place,
  { env }: AwsSurroundings,
  { target, action, body }: { target: string; action: string; body: object },
) {
  const region = ARN.exec(id)?.[1] ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || '');
  if (region === '') {
    throw new TransshipError('invalid-config', `${what}: its region is not known`, {
      hint: 'set AWS_REGION, or name it by its ARN',
    });
  }
  const details: ErrorDetails = { operation: 'read secret', region };
  return {
    method: 'POST' as const,
    url: awsEndpoint({ host, variable, region }, env),
    service: host,
    region,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
    action,
    what,
    details,
    timeoutMs: TIMEOUT_MS,
  };
}

/** @throws TransshipError invalid-config */
function utf8(bytes: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TransshipError('invalid-config', `${what} holds bytes that are no text`, {
      hint: 'keep it as text: PEM for keys and certificates',
    });
  }
}
