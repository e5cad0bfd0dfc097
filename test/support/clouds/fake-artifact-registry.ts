// Artifact Registry as far as grants need it, by the documented wire format: policies with their etags and versions, and the list of
// repositories. No real Google was asked to make it.
// https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories https://cloud.google.com/iam/docs/policies
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import { answer, type CloudAnswer, type CloudHandler, type CloudRequest } from './cloud-front.ts';

export type IamBinding = {
  role: string;
  members: string[];
  condition?: { title?: string; description?: string; expression: string };
};
type IamPolicy = { version?: number; etag: string; bindings?: IamBinding[]; auditConfigs?: unknown[] };

export type FakeArtifactRegistry = {
  /** By resource name. */
  policies: Map<string, IamPolicy>;
  /** Of the list, by their parent; those of other formats too. */
  repositories: { name: string; format: string }[];
  requests: { method: string; path: string; body: string }[];
  /** Set calls that got through. */
  writes: () => number;
  settings: {
    /** Whether it gave out such a token. */
    accepts: (token: string) => boolean;
    pageSize: number;
    /** Answers so many set calls with 409 before it looks at them. */
    conflicts: number;
    /** Runs before a set call is looked at: a concurrent editor. */
    beforeSet: (() => void) | undefined;
    /** Principals that do not exist. */
    unknown: Set<string>;
    /** By their deleted forms: adding the living one is inconsistent as long as that stays. */
    isStrictAboutDeleted: boolean;
    /** Parents and resources that answer 403. */
    denied: Set<string>;
  };
  endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
};

const EMPTY: IamPolicy = { etag: 'ACAB' };

export async function startFakeArtifactRegistry(): Promise<FakeArtifactRegistry> {
  const policies = new Map<string, IamPolicy>();
  const repositories: { name: string; format: string }[] = [];
  const requests: FakeArtifactRegistry['requests'] = [];
  let writes = 0;
  const settings: FakeArtifactRegistry['settings'] = {
    accepts: () => true,
    pageSize: 2,
    conflicts: 0,
    beforeSet: undefined,
    unknown: new Set(),
    isStrictAboutDeleted: false,
    denied: new Set(),
  };

  const setPolicy = (name: string, body: string): CloudAnswer => {
    const { policy }: { policy: IamPolicy } = JSON.parse(body);
    settings.beforeSet?.();
    const current = policies.get(name) ?? EMPTY;
    if (settings.conflicts > 0) {
      settings.conflicts -= 1;
      return refusal(409, 'ABORTED', 'There were concurrent policy changes. Please retry with exponential backoff.');
    }
    if (policy.etag !== current.etag) return refusal(409, 'ABORTED', 'There were concurrent policy changes.');
    const problem = problemOf(policy, current, settings);
    if (problem !== undefined) return refusal(400, 'INVALID_ARGUMENT', problem);
    writes += 1;
    const { bindings, auditConfigs, version } = policy;
    const stored: IamPolicy = {
      ...(version === undefined ? {} : { version }),
      etag: randomBytes(8).toString('base64'),
      ...(bindings === undefined || bindings.length === 0 ? {} : { bindings: bindings.map(withoutEmpty) }),
      ...(auditConfigs === undefined || auditConfigs.length === 0 ? {} : { auditConfigs: auditConfigs.map(named) }),
    };
    policies.set(name, stored);
    return { status: 200, body: stored };
  };

  const handle: CloudHandler = (request: CloudRequest) => {
    const { method, path, headers, body } = request;
    requests.push({ method, path, body });
    if (!settings.accepts((headers.authorization ?? '').replace('Bearer ', ''))) {
      return refusal(401, 'UNAUTHENTICATED', `refused ${headers.authorization}`);
    }
    const url = new URL(path, 'http://artifactregistry');
    const resource = url.pathname.replace(/^\/v1\//, '').replace(/:[sg]etIamPolicy$/, '');
    if (settings.denied.has(resource)) return refusal(403, 'PERMISSION_DENIED', `refused ${headers.authorization}`);
    if (url.pathname.endsWith('/repositories')) return list(repositories, resource, url, settings.pageSize);
    if (!repositories.some(({ name }) => name === resource))
      return refusal(404, 'NOT_FOUND', `${resource} was not found`);
    if (method === 'POST' && url.pathname.endsWith(':setIamPolicy')) return setPolicy(resource, body);
    const policy = policies.get(resource) ?? EMPTY;
    const isOld = url.searchParams.get('options.requestedPolicyVersion') !== '3';
    return { status: 200, body: isOld ? asVersionOne(policy) : policy };
  };

  const server = http.createServer((request, response) => void answer(request, response, handle));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    policies,
    repositories,
    requests,
    writes: () => writes,
    settings,
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function list(
  repositories: readonly { name: string; format: string }[],
  resource: string,
  url: URL,
  pageSize: number,
): CloudAnswer {
  const all = repositories.filter(({ name }) => name.startsWith(`${resource}/`));
  const from = Number(url.searchParams.get('pageToken') ?? 0);
  const page = all.slice(from, from + pageSize);
  const next = from + pageSize < all.length ? { nextPageToken: String(from + pageSize) } : {};
  return { status: 200, body: { repositories: page, ...next } };
}

/** The rules of IAM for policies. https://cloud.google.com/iam/docs/conditions-overview */
function problemOf(
  policy: IamPolicy,
  current: IamPolicy,
  settings: FakeArtifactRegistry['settings'],
): string | undefined {
  const bindings = policy.bindings ?? [];
  const members = bindings.flatMap((binding) => binding.members);
  const hasConditions = [...bindings, ...(current.bindings ?? [])].some(({ condition }) => condition !== undefined);
  if (hasConditions && policy.version !== 3) return 'Policies with conditions need version 3.';
  const unknown = members.find((member) => settings.unknown.has(member));
  if (unknown !== undefined) return `Principal ${unknown} does not exist.`;
  const open = bindings.find(
    (binding) =>
      binding.condition !== undefined && binding.members.some((member) => /^all(?:Authenticated)?Users$/.test(member)),
  );
  if (open !== undefined) return 'Conditions cannot be used with public principals.';
  const dead = members.find((member) => member.startsWith('deleted:') && members.includes(aliveOf(member)));
  if (settings.isStrictAboutDeleted && dead !== undefined) {
    return `Inconsistent representation of deleted member: '${dead}' and '${aliveOf(dead)}'`;
  }
  return undefined;
}

function aliveOf(member: string): string {
  return member.replace(/^deleted:/, '').replace(/\?uid=.*$/, '');
}

/** What older clients see: conditions are hidden, and the role has a name that says so. */
function asVersionOne({ bindings = [], ...policy }: IamPolicy): IamPolicy {
  return {
    ...policy,
    version: 1,
    bindings: bindings.map(({ role, members, condition }) => ({
      role: condition === undefined ? role : `${role}_withcond_0123456789`,
      members,
    })),
  };
}

/** Empty parts of messages are not there in JSON. */
function withoutEmpty({ role, members, condition }: IamBinding): IamBinding {
  if (condition === undefined) return { role, members };
  const { title, description, expression } = condition;
  return {
    role,
    members,
    condition: { ...(title ? { title } : {}), ...(description ? { description } : {}), expression },
  };
}

const LOG_TYPES = ['LOG_TYPE_UNSPECIFIED', 'ADMIN_READ', 'DATA_WRITE', 'DATA_READ'];

/** Numbers of enumerations come back as names. */
function named(config: unknown): unknown {
  return JSON.parse(JSON.stringify(config), (key, value: unknown) =>
    key === 'logType' && typeof value === 'number' ? LOG_TYPES[value] : value,
  );
}

function refusal(code: number, status: string, message: string): CloudAnswer {
  return { status: code, body: { error: { code, status, message } } };
}
