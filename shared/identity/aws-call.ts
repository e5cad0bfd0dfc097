// A signed call to a JSON API of AWS that no client of the SDK is installed for.
import type { ErrorDetails } from '../errors.ts';
import { awsError } from './aws-error.ts';
import { awsKeys, type AwsIdentity } from './aws.ts';
import { signedHeaders } from './aws-sign.ts';
import { clockOffset } from './clock-offset.ts';
import { callJson, isRecord, type JsonAnswer } from './json-call.ts';

export type AwsCall = {
  method: 'GET' | 'POST';
  url: URL;
  /** That the signature is for: `eks`. */
  service: string;
  region: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** As in policies: `eks:DescribeCluster`. */
  action: string;
  /** On whose behalf, in words for errors. */
  what: string;
  details: ErrorDetails;
  /** It answers with a credential. */
  issues?: true;
};

type Surroundings = {
  identity: AwsIdentity;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  now: () => number;
};

/**
 * The body of the answer, and by how much AWS's clock is ahead of ours.
 * @throws TransshipError by what AWS answered
 */
export async function callAws(
  call: AwsCall,
  { identity, env, signal, now }: Surroundings,
): Promise<{ body: Readonly<Record<string, unknown>>; clockOffsetMs: number }> {
  const { method, url, service, region, headers = {}, body = '', action, what, details, issues } = call;
  const place = { action, what, details, ...(issues === undefined ? {} : { issues }) };
  let answer: JsonAnswer;
  try {
    const keys = await awsKeys(identity, region);
    const sent = signedHeaders({ method, url, headers, body }, { keys, region, service, at: new Date(now()) });
    answer = await callJson({ method, url, headers: sent, body, what: `${what}: ${action}`, env, signal });
  } catch (error) {
    throw awsError(error, place);
  }
  if (answer.status === 200 && answer.body !== undefined) {
    return { body: answer.body, clockOffsetMs: clockOffset(answer.headers['date'], now()) };
  }
  throw awsError(refusal(answer), place);
}

/** In the shape in which the SDK throws it. */
function refusal({ status, headers, body = {} }: JsonAnswer): Error {
  const type = [headers['x-amzn-errortype'], body['__type'], body['code']].find((value) => typeof value === 'string');
  const message = [body['message'], body['Message']].find((value) => typeof value === 'string');
  // `com.amazonaws.eks#ResourceNotFoundException:http://…`
  const name = typeof type === 'string' ? /(?:^|#)(\w+)(?::|$)/.exec(type)?.[1] : undefined;
  const error = new Error(typeof message === 'string' ? message : `status ${status}`);
  error.name = name ?? (status === 200 ? 'SyntaxError' : status === 403 ? 'AccessDenied' : 'UnknownError');
  return Object.assign(error, { $metadata: { httpStatusCode: status } });
}

/** A member of an answer, if it is an object. */
export function objectAt(body: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const value = body[name];
  return isRecord(value) ? value : {};
}
