// ECR's policies as AWS has them, before a moto server that takes nearly everything: it refuses what AWS refuses, gives principals back in
// another order and in other words, and has the accidents that tests ask for. After the documentation of AWS and the issues that the
// checks name; no real ECR was asked.
import http from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

type Body = Record<string, unknown>;

export type StrictEcr = {
  url: string;
  /** The operations that came, in order: `SetRepositoryPolicy`. */
  operations: string[];
  /** The policies that were taken, in order. */
  policies: string[];
  /** How many operations would have changed a policy. */
  writes(): number;
  /** ARNs that nobody has. */
  unknownPrincipals: Set<string>;
  /** Answers are shuffled and written anew, as AWS does. */
  rewritesAnswers: boolean;
  /** What GetAccountSetting says of REGISTRY_POLICY_SCOPE; absent: this identity may not ask. */
  registryPolicyScope: 'V1' | 'V2' | undefined;
  /** Repositories on a page of a list. */
  pageSize: number;
  /** How many of the next writes of policies are answered, and not done. */
  losesWrites: number;
  /** How many of the next writes of policies come too fast for AWS. */
  throttlesWrites: number;
  /** What is stored in place of the next policy that is written. */
  storesInstead: ((policyText: string) => string) | undefined;
  /** Is called, once, before the next such operation reaches the registry. */
  before: Map<string, () => Promise<unknown>>;
  [Symbol.asyncDispose](): Promise<void>;
};

const LONGEST = 10_240;
const WRITES = new Set(['SetRepositoryPolicy', 'DeleteRepositoryPolicy', 'PutRegistryPolicy', 'DeleteRegistryPolicy']);

/** @param behind the URL of moto */
export async function startStrictEcr(behind: string): Promise<StrictEcr> {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

  const server = http.createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const sent = await text(request);
    const operation = String(request.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1);
    if (operation === undefined || !sent.startsWith('{')) return refuse(response, 'UnknownOperationException', sent);
    ecr.operations.push(operation);
    const accident = ecr.before.get(operation);
    ecr.before.delete(operation);
    await accident?.();
    const body: Body = JSON.parse(sent);
    if (WRITES.has(operation) && ecr.throttlesWrites > 0) {
      ecr.throttlesWrites -= 1;
      return refuse(response, 'ThrottlingException', 'Rate exceeded');
    }
    if (operation === 'GetAccountSetting') return answerSetting(body, response);
    if (typeof body['policyText'] === 'string') {
      const kind = operation === 'SetRepositoryPolicy' ? 'repository' : 'registry';
      const refusal = refusalOf(body['policyText'], kind, ecr.unknownPrincipals);
      const told = `Invalid parameter at 'PolicyText' failed to satisfy constraint: '${refusal}'`;
      if (refusal !== undefined) return refuse(response, 'InvalidParameterException', told);
      ecr.policies.push(body['policyText']);
      body['policyText'] = ecr.storesInstead?.(body['policyText']) ?? body['policyText'];
      ecr.storesInstead = undefined;
    }
    if (WRITES.has(operation) && ecr.losesWrites > 0) {
      ecr.losesWrites -= 1;
      return answer(response, 200, body);
    }
    // moto knows the policy of a registry only as it was before V2
    if (operation.endsWith('RegistryPolicy')) return answerRegistry(operation, body, response);
    await passOn(request, body, response);
  }

  function answerSetting(body: Body, response: http.ServerResponse): void {
    const value = ecr.registryPolicyScope;
    if (value !== undefined) return answer(response, 200, { name: body['name'], value });
    refuse(response, 'AccessDeniedException', 'User: x is not authorized to perform: ecr:GetAccountSetting');
  }

  async function passOn({ url, headers }: http.IncomingMessage, body: Body, response: http.ServerResponse) {
    const kept = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'];
    const passed = await fetch(`${behind}${url}`, {
      method: 'POST',
      headers: kept.map((name) => [name, String(headers[name])]),
      body: JSON.stringify(body),
    });
    const told: Body = JSON.parse(await passed.text());
    const { policyText, repositories } = told;
    if (typeof policyText === 'string' && ecr.rewritesAnswers) told['policyText'] = rewritten(policyText, random);
    if (Array.isArray(repositories)) {
      const from = Number(body['nextToken'] ?? 0);
      const to = from + ecr.pageSize;
      told['repositories'] = repositories.slice(from, to);
      if (to < repositories.length) told['nextToken'] = String(to);
    }
    answer(response, passed.status, told);
  }

  let registryPolicy: string | undefined;
  function answerRegistry(operation: string, body: Body, response: http.ServerResponse): void {
    if (operation === 'PutRegistryPolicy') registryPolicy = String(body['policyText']);
    if (registryPolicy === undefined)
      return refuse(response, 'RegistryPolicyNotFoundException', 'Registry policy does not exist');
    const policyText = ecr.rewritesAnswers ? rewritten(registryPolicy, random) : registryPolicy;
    if (operation === 'DeleteRegistryPolicy') registryPolicy = undefined;
    answer(response, 200, { registryId: '123456789012', policyText });
  }

  const ecr: StrictEcr = {
    url: '',
    operations: [],
    policies: [],
    writes: () => ecr.operations.filter((operation) => WRITES.has(operation)).length,
    unknownPrincipals: new Set(),
    rewritesAnswers: true,
    registryPolicyScope: undefined,
    pageSize: 1000,
    losesWrites: 0,
    throttlesWrites: 0,
    storesInstead: undefined,
    before: new Map(),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  ecr.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return ecr;
}

function answer(response: http.ServerResponse, status: number, body: Body): void {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'request-of-the-test' };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

function refuse(response: http.ServerResponse, type: string, message: string): void {
  answer(response, 400, { __type: type, message });
}

/** As ECR words it; undefined for a policy that it takes. */
function refusalOf(
  policyText: string,
  kind: 'repository' | 'registry',
  unknown: ReadonlySet<string>,
): string | undefined {
  const invalid = `Invalid ${kind} policy provided`;
  if (policyText.length > LONGEST) return `Length must be less than or equal to ${LONGEST}`;
  let policy: Body;
  try {
    policy = JSON.parse(policyText);
  } catch {
    return invalid;
  }
  const statements = [policy['Statement'] ?? []].flat() as Body[];
  if (statements.length === 0) return invalid;
  const sids = statements.flatMap(({ Sid }) => (typeof Sid === 'string' ? [Sid] : []));
  if (new Set(sids).size < sids.length) return invalid;
  for (const statement of statements) {
    // https://github.com/awsdocs/amazon-ecr-user-guide/pull/20
    if ((statement['Resource'] !== undefined) !== (kind === 'registry')) return invalid;
    const actions = [statement['Action'] ?? statement['NotAction'] ?? []].flat().map(String);
    // https://github.com/cloudposse/terraform-aws-ecr/issues/67
    if (actions.length === 0 || actions.includes('ecr:GetAuthorizationToken')) return invalid;
    const principals = principalsOf(statement);
    if (principals.length === 0) return invalid;
    if (principals.some((one) => unknown.has(one) || /^A(?:ROA|IDA)/.test(one))) return 'Principal not found';
    if (
      principals.some(
        (one) => !/^(?:\*|\d{12}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.+|[a-z.-]+\.amazonaws\.com)$/.test(one),
      )
    )
      return invalid;
  }
  return undefined;
}

function principalsOf(statement: Body): string[] {
  const principal = statement['Principal'] ?? statement['NotPrincipal'];
  if (typeof principal === 'string') return [principal];
  return typeof principal === 'object' && principal !== null ? Object.values(principal).flat().map(String) : [];
}

/** Principals in any order, accounts as their roots, and laid out anew: https://github.com/crossplane-contrib/provider-aws/issues/780 */
function rewritten(policyText: string, random: () => number): string {
  const policy = JSON.parse(policyText) as { Statement: Body | Body[] };
  for (const statement of [policy.Statement].flat()) {
    const principal = statement['Principal'];
    if (typeof principal !== 'object' || principal === null || !('AWS' in principal)) continue;
    const all = [principal.AWS]
      .flat()
      .map((one) => (/^\d{12}$/.test(String(one)) ? `arn:aws:iam::${String(one)}:root` : one));
    const mixed = all.map((one) => ({ one, at: random() })).toSorted((left, right) => left.at - right.at);
    const who = mixed.map(({ one }) => one);
    principal.AWS = who.length === 1 ? who[0] : who;
  }
  return JSON.stringify(policy, undefined, 2);
}
