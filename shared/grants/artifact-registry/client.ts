// The calls of Artifact Registry's API that grants need, through Google's client by REST. It loads and asks nobody before the first call.
// https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
import type { ArtifactRegistryClient, protos } from '@google-cloud/artifact-registry';
import { sendBy } from '../../identity/google-client.ts';
import { CLOUD_PLATFORM, googleToken, type GoogleToken } from '../../identity/google-token.ts';
import type { GoogleIdentity } from '../../identity/google.ts';
import { openCloudAgent } from '../../identity/open-cloud-agent.ts';
import { within } from '../../identity/time-limit.ts';
import { apiError } from './api-error.ts';
import { resourceName, type ArtifactRepository } from './places.ts';
import type { Binding, Policy } from './policy.ts';

export type ArtifactRegistryOptions = { identity: GoogleIdentity; env: NodeJS.ProcessEnv; now?: () => number };

type CallOptions = { signal?: AbortSignal | undefined };

/** All of it throws TransshipError; object-conflict where a policy changed since it was read. */
export type ArtifactRegistryApi = {
  getPolicy(repository: ArtifactRepository, options?: CallOptions): Promise<Policy>;
  /** Answers with the policy as it is now. */
  setPolicy(repository: ArtifactRepository, policy: Policy, options?: CallOptions): Promise<Policy>;
  /** The resource names of the repositories with images. */
  listRepositories(at: { project: string; location: string }, options?: CallOptions): Promise<string[]>;
  close(): Promise<void>;
};

/** As gcloud knows it, for private endpoints. */
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY';
const ANSWER_TIMEOUT_MS = 30_000;
const LIMIT_MS = 60_000;
const PAGE_SIZE = 1000;
const RENEW_MS = 5 * 60_000;
/** Conditions of others get lost in every older version. https://cloud.google.com/iam/docs/policies#versions */
const POLICY_VERSION = 3;

export function openArtifactRegistry(options: ArtifactRegistryOptions): ArtifactRegistryApi {
  const session = openSession(options);
  const call = async <Result>(
    what: string,
    { signal }: CallOptions,
    work: (client: ArtifactRegistryClient) => Promise<Result>,
  ): Promise<Result> => {
    const client = await session.client(signal);
    try {
      return await within(LIMIT_MS, signal, 'Google', () => work(client));
    } catch (error) {
      throw apiError(error, what);
    }
  };
  return {
    getPolicy: (repository, how = {}) =>
      call(`read the IAM policy of ${resourceName(repository)}`, how, async (client) => {
        const request = {
          resource: resourceName(repository),
          options: { requestedPolicyVersion: POLICY_VERSION },
        };
        const [policy] = await client.getIamPolicy(request, { timeout: ANSWER_TIMEOUT_MS });
        return policyOf(policy);
      }),
    setPolicy: (repository, { etag, bindings, auditConfigs }, how = {}) =>
      call(`set the IAM policy of ${resourceName(repository)}`, how, async (client) => {
        const policy = {
          version: POLICY_VERSION,
          etag,
          bindings: bindings.map(({ role, members, condition }) => ({
            role,
            members: [...members],
            ...(condition === undefined ? {} : { condition }),
          })),
          auditConfigs: auditConfigs.filter((config) => typeof config === 'object' && config !== null),
        };
        const request = { resource: resourceName(repository), policy };
        const [answer] = await client.setIamPolicy(request, { timeout: ANSWER_TIMEOUT_MS });
        return policyOf(answer);
      }),
    listRepositories: ({ project, location }, how = {}) =>
      call(`list the repositories of ${project} in ${location}`, how, async (client) => {
        const parent = `projects/${project}/locations/${location}`;
        const names: string[] = [];
        for (let pageToken = ''; ;) {
          const request = { parent, pageSize: PAGE_SIZE, ...(pageToken === '' ? {} : { pageToken }) };
          const [page, , answer] = await client.listRepositories(request, {
            autoPaginate: false,
            timeout: ANSWER_TIMEOUT_MS,
          });
          names.push(...page.flatMap(({ name, format }) => (name && format === 'DOCKER' ? [name] : [])));
          pageToken = answer?.nextPageToken ?? '';
          if (pageToken === '') return names;
        }
      }),
    close: () => session.close(),
  };
}

type IamPolicy = protos.google.iam.v1.IPolicy;

/** The etag of a policy nobody ever set is sent as it came, too. */
function policyOf({ etag, bindings, auditConfigs }: IamPolicy): Policy {
  return {
    etag: typeof etag === 'string' ? etag : Buffer.from(etag ?? []).toString('base64'),
    bindings: (bindings ?? []).map(({ role, members, condition }): Binding => {
      if (!condition) return { role: role ?? '', members: members ?? [] };
      const { title, description, location, expression } = condition;
      const texts = {
        title: title ?? '',
        description: description ?? '',
        location: location ?? '',
        expression: expression ?? '',
      };
      return { role: role ?? '', members: members ?? [], condition: texts };
    }),
    auditConfigs: auditConfigs ?? [],
  };
}

/** One client, whose token is our own: a new one is put into it before the old one ends. */
function openSession({ identity, env, now = Date.now }: ArtifactRegistryOptions) {
  let opened: ReturnType<typeof openClient> | undefined;
  let token: GoogleToken | undefined;
  return {
    async client(signal: AbortSignal | undefined): Promise<ArtifactRegistryClient> {
      opened ??= openClient(env);
      const { client, setToken } = await opened;
      if (token === undefined || token.expiresAt.getTime() - now() < RENEW_MS) {
        token = await googleToken(identity, [CLOUD_PLATFORM], { env, now, signal });
        setToken(token);
      }
      return client;
    },
    async close(): Promise<void> {
      await (await opened)?.close();
    },
  };
}

async function openClient(env: NodeJS.ProcessEnv) {
  const [library, { default: auth }] = await Promise.all([
    import('@google-cloud/artifact-registry'),
    import('google-auth-library'),
  ]);
  const login = new auth.OAuth2Client();
  // a redirect would send the token on
  login.transporter.defaults.redirect = 'error';
  const agent = await openCloudAgent(env);
  if (agent !== undefined) sendBy(agent, login);
  const client = new library.ArtifactRegistryClient({
    fallback: true,
    auth: new auth.GoogleAuth({ authClient: login }),
    ...endpointIn(env),
  });
  const setToken = ({ token }: GoogleToken): void => login.setCredentials({ access_token: token.reveal() });
  const close = async (): Promise<void> => {
    await client.close();
    agent?.destroy();
  };
  return { client, setToken, close };
}

function endpointIn(env: NodeJS.ProcessEnv) {
  const url = URL.parse(env[ENDPOINT] ?? '');
  if (url === null) return {};
  const isPlain = url.protocol === 'http:';
  const port = url.port === '' ? (isPlain ? 80 : 443) : Number(url.port);
  return { apiEndpoint: url.hostname, port, protocol: isPlain ? 'http' : 'https' };
}
