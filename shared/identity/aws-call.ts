// A signed call to an API of AWS that no client of the SDK is installed for: most speak JSON, S3 and the oldest XML.
import type { ErrorDetails } from '../errors.ts';
import { awsError } from './aws-error.ts';
import { awsKeys, keysOf, type AwsIdentity } from './aws.ts';
import { signedHeaders } from './aws-sign.ts';
import { clockOffset } from './clock-offset.ts';
import { callJson, isRecord, type JsonAnswer } from './json-call.ts';

export type AwsCall = {
  method: 'GET' | 'POST' | 'PUT';
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
  timeoutMs?: number;
  /** Of the answer; 1 MiB by default. */
  mostBytes?: number;
};

export type AwsSurroundings = {
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
  surroundings: AwsSurroundings,
): Promise<{ body: Readonly<Record<string, unknown>>; clockOffsetMs: number }> {
  const answer = await ask(call, surroundings);
  if (answer.status === 200 && answer.body !== undefined) {
    return { body: answer.body, clockOffsetMs: clockOffset(answer.headers['date'], surroundings.now()) };
  }
  throw awsError(refusal(answer), placeOf(call));
}

/**
 * The same where the answer is no JSON: an object of S3, or XML. Who asked for what has changed since may be told 304.
 * @throws TransshipError by what AWS answered
 */
export async function callAwsForText(
  call: AwsCall,
  surroundings: AwsSurroundings,
): Promise<Pick<JsonAnswer, 'status' | 'text' | 'headers'>> {
  const answer = await ask(call, surroundings);
  const { status } = answer;
  if ((status >= 200 && status < 300) || status === 304) return answer;
  throw awsError(refusal(answer), placeOf(call));
}

async function ask(call: AwsCall, { identity, env, signal, now }: AwsSurroundings): Promise<JsonAnswer> {
  const { method, url, service, region, headers = {}, body = '', action, what, timeoutMs, mostBytes } = call;
  const limits = {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(mostBytes === undefined ? {} : { mostBytes }),
  };
  try {
    const keys = keysOf(identity, env) ?? (await awsKeys(identity, region, env));
    const sent = signedHeaders({ method, url, headers, body }, { keys, region, service, at: new Date(now()) });
    return await callJson({ method, url, headers: sent, body, what: `${what}: ${action}`, env, signal, ...limits });
  } catch (error) {
    throw awsError(error, placeOf(call));
  }
}

function placeOf({ action, what, details, issues }: AwsCall): Parameters<typeof awsError>[1] {
  return { action, what, details, ...(issues === undefined ? {} : { issues }) };
}

/** In the shape in which the SDK throws it. */
function refusal({ status, headers, body = {}, text }: JsonAnswer): Error {
  const told = [headers['x-amzn-errortype'], body['__type'], body['code'], inXml(text, 'Code')];
  const type = told.find((value) => typeof value === 'string');
  const message = [body['message'], body['Message'], inXml(text, 'Message')].find((value) => typeof value === 'string');
  // `com.amazonaws.eks#ResourceNotFoundException:http://…`
  const name = typeof type === 'string' ? /(?:^|#)(\w+)(?::|$)/.exec(type)?.[1] : undefined;
  const error = new Error(typeof message === 'string' ? message : `status ${status}`);
  error.name = name ?? (status === 200 ? 'SyntaxError' : status === 403 ? 'AccessDenied' : 'UnknownError');
  return Object.assign(error, { $metadata: { httpStatusCode: status } });
}

/** The text of the first element of that name; errors in XML need no more. */
function inXml(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
}

/** A member of an answer, if it is an object. */
export function objectAt(body: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const value = body[name];
  return isRecord(value) ? value : {};
}
