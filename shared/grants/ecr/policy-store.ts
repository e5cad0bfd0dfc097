// The policy of one repository, or of the registry, by the API of AWS: it is read and written as a whole, and has no version.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html
import { interruption } from '../../identity/time-limit.ts';
import { awsError } from '../../identity/aws-error.ts';
import type { EcrCalls } from '../../registries/ecr-client.ts';
import { parseEcrHost } from '../../registries/ecr-host.ts';

type StoredPolicy = { state: 'there'; text?: string } | { state: 'missing' };

/** Why AWS did not take a policy, in its words: a principal that it does not know, or anything else that is no policy to it. */
type PolicyAnswer = { state: 'taken'; requestId?: string } | { state: 'refused'; message: string };

export type PolicyStore = {
  /** In words for people: `host/repository`. */
  what: string;
  /** `missing`: there is no such repository. */
  read(): Promise<StoredPolicy>;
  /**
   * Undefined removes it: AWS takes no policy without statements.
   * @param once it is not tried again by itself: by then the policy may be another one than it was made of
   */
  write(text: string | undefined, options?: { once?: boolean }): Promise<PolicyAnswer>;
};

type Place = {
  host: string;
  place: string;
  calls: (options?: { once?: boolean }) => Promise<EcrCalls['calls']>;
  signal?: AbortSignal | undefined;
};

/** All of it throws TransshipError as AWS answers. */
export function policyStore({ host, place, calls, signal }: Place): PolicyStore {
  const account = parseEcrHost(host)?.account;
  const registry = account === undefined ? {} : { registryId: account };
  const options = signal === undefined ? {} : { abortSignal: signal };
  const repository = { ...registry, repositoryName: place };
  const what = place === '' ? `the registry ${host}` : `${host}/${place}`;
  const details = { registry: host, ...(place === '' ? {} : { repository: place }) };
  const failure = (error: unknown, action: string) =>
    signal?.aborted === true ? interruption(signal) : awsError(error, { action, what, details });

  return {
    what,
    async read() {
      try {
        const ecr = await calls();
        const { policyText } =
          place === '' ? await ecr.getRegistryPolicy({}, options) : await ecr.getRepositoryPolicy(repository, options);
        return { state: 'there', ...(policyText === undefined ? {} : { text: policyText }) };
      } catch (error) {
        if (isCalled(error, 'RepositoryPolicyNotFoundException', 'RegistryPolicyNotFoundException'))
          return { state: 'there' };
        if (isCalled(error, 'RepositoryNotFoundException')) return { state: 'missing' };
        throw failure(error, place === '' ? 'ecr:GetRegistryPolicy' : 'ecr:GetRepositoryPolicy');
      }
    },
    async write(policyText, { once = false } = {}) {
      try {
        const ecr = await calls({ once });
        const { $metadata: told } =
          policyText === undefined
            ? place === ''
              ? await ecr.deleteRegistryPolicy({}, options)
              : await ecr.deleteRepositoryPolicy(repository, options)
            : place === ''
              ? await ecr.putRegistryPolicy({ policyText }, options)
              : await ecr.setRepositoryPolicy({ ...repository, policyText }, options);
        return { state: 'taken', ...(told.requestId === undefined ? {} : { requestId: told.requestId }) };
      } catch (error) {
        if (
          policyText === undefined &&
          isCalled(error, 'RepositoryPolicyNotFoundException', 'RegistryPolicyNotFoundException')
        )
          return { state: 'taken' };
        const refusal = refusalOf(error);
        if (refusal !== undefined) return { state: 'refused', message: refusal };
        throw failure(error, writeAction(place, policyText));
      }
    },
  };
}

function writeAction(place: string, policyText: string | undefined): string {
  if (place === '') return policyText === undefined ? 'ecr:DeleteRegistryPolicy' : 'ecr:PutRegistryPolicy';
  return policyText === undefined ? 'ecr:DeleteRepositoryPolicy' : 'ecr:SetRepositoryPolicy';
}

/** "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'": https://github.com/hashicorp/terraform-provider-aws/issues/39064 */
function refusalOf(error: unknown): string | undefined {
  if (!isCalled(error, 'InvalidParameterException') || !(error instanceof Error)) return undefined;
  return /Principal not found|Invalid (?:repository|registry) policy provided/i.exec(error.message)?.[0];
}

function isCalled(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
