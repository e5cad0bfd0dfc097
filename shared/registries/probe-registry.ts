// Looks whether a registry answers, and as whom it knows us: what `/v1/registries` shows of each. Never a secret.
import { isTransshipError, TransshipError } from '../errors.ts';
import type { Credential } from '../oci/auth/credential.ts';
import type { Quota } from '../oci/quota.ts';
import type { RegistryClient } from '../oci/registry-client.ts';

export type RegistryStatus = {
  /** It answered, if only with a refusal. */
  isReachable: boolean;
  /** Who we are there; absent where that is not known. */
  login?: { kind: 'anonymous' | 'password' | 'token'; username?: string; renewAt?: Date };
  /** What was left when the registry last said so. */
  quota?: Quota;
  /** Why it is not reachable, or why the login is refused. */
  error?: { code: string; message: string; hint?: string };
};

const LONGEST_MS = 10_000;
const UNREACHED = [
  'connection-failed',
  'tls-failed',
  'timeout',
  'egress-denied',
  'interrupted',
  'invalid-config',
] as const;

/** Asks the root of the API once. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints (end-1) */
export async function probeRegistry(client: RegistryClient, longestMs = LONGEST_MS): Promise<RegistryStatus> {
  const failure = await ask(client, longestMs);
  const { credential, quota } = client.known();
  const { message, hint } = failure ?? {};
  return {
    isReachable: !isTransshipError(failure, ...UNREACHED),
    ...(failure === undefined || credential !== undefined ? { login: loginOf(credential) } : {}),
    ...(quota === undefined ? {} : { quota }),
    ...(failure === undefined || message === undefined
      ? {}
      : { error: { code: failure.code, message, ...(hint === undefined ? {} : { hint }) } }),
  };
}

async function ask(client: RegistryClient, longestMs: number): Promise<TransshipError | undefined> {
  const signal = AbortSignal.timeout(longestMs);
  try {
    const operation = 'look whether it answers';
    const response = await client.send({
      operation,
      action: 'head',
      method: 'GET',
      target: '/v2/',
      expect: [200],
      signal,
    });
    await response.discard();
    return undefined;
  } catch (error) {
    if (!isTransshipError(error)) throw error;
    if (!signal.aborted) return error;
    return new TransshipError('timeout', `${client.host} did not answer within ${longestMs / 1000} s`, {
      retryable: true,
    });
  }
}

/** A registry that asked for no login knows us as nobody. */
function loginOf(credential: Credential | undefined): NonNullable<RegistryStatus['login']> {
  if (credential === undefined || credential.kind === 'anonymous') return { kind: 'anonymous' };
  if (credential.kind !== 'basic') return { kind: 'token' };
  const { username, renewAt } = credential;
  return { kind: 'password', username, ...(renewAt === undefined ? {} : { renewAt }) };
}
