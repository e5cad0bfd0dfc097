// An access token of Entra ID for one of the audiences that a service may have, with its real end.
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { type AzureIdentity, describeAzureIdentity } from './azure.ts';
import { azureCredential } from './azure-credential.ts';
import { azureCodes, azureError } from './azure-error.ts';
import type { CloudAgent } from './cloud-agent.ts';
import { openCloudAgent } from './open-cloud-agent.ts';
import { within } from './time-limit.ts';

export type AzureToken = { token: Secret; expiresAt: Date; identity: string };

export type AzureSurroundings = { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined };

const TIMEOUT_MS = 60_000;
/** The tenant does not know the audience: the next one may be known. */
const NO_SUCH_AUDIENCE = new Set(['AADSTS500011', 'AADSTS50001']);

/** `scopes` are tried in turn while the tenant does not know them. Asks anew at each call. @throws TransshipError */
export async function azureToken(
  identity: AzureIdentity,
  scopes: readonly [string, ...string[]],
  { env, signal }: AzureSurroundings,
): Promise<AzureToken> {
  const who = describeAzureIdentity(identity);
  const [scope, ...others] = scopes;
  let agent: CloudAgent | undefined;
  try {
    agent = await openCloudAgent(env);
    const credential = await azureCredential(identity, env, agent);
    const answer = await within(TIMEOUT_MS, signal, 'Azure', () =>
      credential.getToken(scope, signal === undefined ? {} : { abortSignal: signal }),
    );
    if (answer === null || !/^[\x21-\x7e]+$/.test(answer.token)) throw empty();
    return { token: new Secret(answer.token), expiresAt: new Date(answer.expiresOnTimestamp), identity: who };
  } catch (error) {
    const [next, ...rest] = others;
    if (next !== undefined && azureCodes(error).some((code) => NO_SUCH_AUDIENCE.has(code))) {
      return await azureToken(identity, [next, ...rest], { env, signal });
    }
    throw azureError(error, who, agent?.trouble);
  } finally {
    agent?.destroy();
  }
}

function empty(): TransshipError {
  return new TransshipError('invalid-response', 'Azure answered without an access token', {
    hint: 'look whether a proxy answers in place of Azure',
    retryable: true,
    details: { operation: 'log in to Azure' },
  });
}
