// The packaged stack as a host under the contract suite: its bundles behind an emulated Lambda, its configuration in S3, its secrets in Secrets
// Manager, and every call of AWS held to the policies of its roles.
import { makeApiToken } from '../../../infra/aws/records/make-api-token.ts';
import { RECORDS_TABLE } from '../../../infra/aws/stack/names.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { startIamProxy, type IamProxy } from '../aws/iam-proxy.ts';
import { rolePolicies } from '../aws/iam-roles.ts';
import { callMotoJson } from '../aws/moto-call.ts';
import { packageStack } from '../aws/packaged.ts';
import { accessKeyOf, startAwsStack, type AwsStack } from '../aws/stack.ts';
import { ecrPasswordOf } from './ecr-fronts.ts';
import type { Host, HostConfig, HostSubject } from './host-subject.ts';
import { ACCOUNT, REGION, type Scene } from './scene.ts';

export type LambdaHost = Host & { stack: AwsStack; iam: IamProxy };

const TERMS = {
  secret: (name: string) => ({ awsSecret: { id: `transship/${name}` } }),
  bus: { mode: 'platform' },
};

/** A slice is 70 % of it. */
const SLICED_MS = 20_000;
/** Other processes see jobs whose times have come, as the schedule of each minute does. */
const UPKEEP_MS = 10_000;

/** @param scene is asked for when a test runs; `started` gets what the suite does not know of */
export function lambdaSubject(scene: () => Scene, started: (host: LambdaHost) => void): HostSubject {
  return {
    name: 'Lambda',
    has: { openStreams: false, metrics: false, wholeBus: false },
    terms: TERMS,
    async start() {
      const host = await startLambdaHost(scene());
      started(host);
      return host;
    },
  };
}

async function startLambdaHost(scene: Scene): Promise<LambdaHost> {
  await using opened = new AsyncDisposableStack();
  const { moto, ecrApi, secrets } = scene;
  const place = { url: moto.url, region: REGION };
  const config = scene.config(TERMS);
  const packaged = opened.use(await packageStack(JSON.stringify(config)));
  for (const [name, SecretString] of Object.entries(secrets)) {
    await callMotoJson(place, 'secretsmanager.CreateSecret', { Name: `transship/${name}`, SecretString });
  }
  const callers = new Map<string, string>();
  const iam = opened.use(
    await startIamProxy({
      account: ACCOUNT,
      behind: (service) => (service === 'ecr' ? ecrApi.url : moto.url),
      callerOf: (accessKeyId) => callers.get(accessKeyId),
      rewrite: ({ caller, operation }, body) =>
        operation === 'GetAuthorizationToken' && caller !== '' ? ownToken(body, caller) : body,
    }),
  );
  const stack = await startAwsStack({
    template: packaged.template,
    bundles: packaged.bundles,
    moto,
    region: REGION,
    endpoint: iam.url,
    pollMs: 300,
    // copies are held here: slices end sooner, and others go on beside them
    timeoutMs: (name) => (name === 'mirror-image' ? SLICED_MS : undefined),
    maxEnvironments: (name) => (name === 'mirror-image' ? 3 : 2),
  });
  opened.defer(() => stack.stop());
  for (const name of stack.functions.keys()) callers.set(accessKeyOf(name), name);
  iam.adopt(rolePolicies(stack.context));
  scene.judgeEcr.current = (caller, action, repository) => {
    const resource = `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${repository}`;
    return iam.judge(caller, { action, resource, context: { 'aws:RequestedRegion': REGION } });
  };
  const refOf = (id: string): string => stack.resources.get(id)?.ref ?? '';

  async function configure(next: HostConfig): Promise<void> {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${REGION}/s3/aws4_request, SignedHeaders=host, Signature=0`;
    const url = `${moto.url}/${refOf('ConfigBucket')}/transship.yaml`;
    const put = await fetch(url, { method: 'PUT', headers: { authorization }, body: JSON.stringify(next) });
    if (!put.ok) throw new Error(`S3 at moto: ${put.status} ${await put.text()}`);
  }

  await configure(config);
  const masterKey = await callMotoJson(place, 'secretsmanager.GetSecretValue', { SecretId: refOf('MasterKey') });
  const token = await firstToken(refOf(RECORDS_TABLE), moto.url);
  const upkeep = setInterval(() => void stack.fire('upkeep').catch(() => undefined), UPKEEP_MS);
  opened.defer(() => Promise.resolve(clearInterval(upkeep)));
  const rest = opened.move();
  return {
    url: stack.apiUrl,
    token,
    masterKey: new Secret((masterKey as { SecretString: string }).SecretString),
    stack,
    iam,
    async deliver(event) {
      await stack.putEvents([event]);
    },
    async fire(timer) {
      const { results } = await stack.fire(timer);
      const failure = results.find(({ error }) => error !== undefined)?.error;
      if (failure !== undefined) throw new Error(`the timer ${timer} failed: ${JSON.stringify(failure)}`);
    },
    configure,
    logs: () => [...stack.functions.keys()].flatMap((name) => stack.logs(name)).join('\n'),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** ECR's registries know by it whose rights hold. */
function ownToken(body: Buffer, caller: string): Buffer {
  const told = JSON.parse(body.toString()) as { authorizationData?: { authorizationToken: string }[] };
  const authorizationToken = Buffer.from(`AWS:${ecrPasswordOf(caller)}`).toString('base64');
  const authorizationData = told.authorizationData?.map((one) => ({ ...one, authorizationToken }));
  return Buffer.from(JSON.stringify({ ...told, authorizationData }));
}

/** As `transship aws token` makes it, whose caller is an administrator. */
async function firstToken(tableName: string, endpoint: string): Promise<string> {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
  });
  try {
    const place = { tableName, region: REGION, identity: {}, env: process.env };
    return (await makeApiToken(place, { name: 'suite', scopes: ['admin'] })).text.reveal();
  } finally {
    process.env = before;
  }
}
