// `transship credentials iam-policy`: the least AWS policy for pulling from the registries that rules distribute, for nodes and for us.
import { loadConfigIfAny } from '../../../shared/config/config-if-any.ts';
import type { Config } from '../../../shared/config/config.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { assumeRolePolicy, ecrPullPolicy } from '../../../shared/registries/aws-pull-policy.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';

export type CredentialsIamPolicyOptions = { registry?: string[]; pullThrough?: boolean; assume?: boolean };

export async function runCredentialsIamPolicy(context: Context, options: CredentialsIamPolicyOptions): Promise<number> {
  const { io, globals } = context;
  const loaded = await loadConfigIfAny(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
  const registries = options.registry ?? distributedRegistries(loaded?.config);
  const pull = ecrPullPolicy({ registries, pullThrough: options.pullThrough === true });
  if (pull === undefined) {
    throw new TransshipError('invalid-usage', 'there is no registry of ECR to write a policy for', {
      hint: 'name one: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/*, or name it in a rule of credentials',
    });
  }
  const assume = assumeRolePolicy(rolesOf(loaded?.config, registries));
  if (globals.json) {
    printJsonLine(io, { type: 'report', pull, ...(assume === undefined ? {} : { assumeRole: assume }) });
    return EXIT.done;
  }
  if (options.assume === true && assume === undefined) {
    throw new TransshipError('invalid-usage', 'no entry of these registries assumes a role', {
      hint: 'leave --assume out: the identity that Transship has needs the policy for pulling itself',
    });
  }
  io.stdout.write(`${JSON.stringify(options.assume === true ? assume : pull, undefined, 2)}\n`);
  if (options.assume !== true && assume !== undefined && !globals.quiet) {
    io.stderr.write('This is for the role that is assumed, and for nodes. For who assumes it: --assume\n');
  }
  return EXIT.done;
}

function distributedRegistries(config: Config | undefined): string[] {
  return [...new Set((config?.credentials ?? []).flatMap(({ registries }) => registries))];
}

function rolesOf(config: Config | undefined, registries: readonly string[]): string[] {
  const hosts = registries.map((registry) => registry.split('/')[0]);
  return (config?.registries ?? []).flatMap(({ host, credential }) => {
    if (!hosts.includes(host) || typeof credential !== 'object' || !('aws' in credential)) return [];
    return credential.aws.roleArn === undefined ? [] : [credential.aws.roleArn];
  });
}
