// Where in AWS the commands work: which region and stage, and as whom.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AwsSurroundings } from '../../../shared/identity/aws-call.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';

export type AwsOptions = { stage: string; region?: string; profile?: string };

export type AwsPlace = {
  stage: string;
  region: string;
  /** What said which region, in words. */
  regionFrom: string;
  /** The name of the CloudFormation stack. */
  stack: string;
  profile?: string;
  surroundings: AwsSurroundings;
};

/** As in serverless.yml: `service`. */
const SERVICE = 'transship';

/** @throws TransshipError invalid-usage where no region is named */
export async function awsPlace({ io, signal }: Context, options: AwsOptions): Promise<AwsPlace> {
  const { stage, profile } = options;
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(stage)) {
    throw new TransshipError('invalid-usage', `--stage "${printable(stage, 60)}" is no name of a stage`, {
      hint: 'use lower-case letters, digits and "-", at most 20 of them: --stage prod',
    });
  }
  const [region, regionFrom] = await findRegion(io.env, io.homeDir, options);
  const identity = { region, ...(profile === undefined ? {} : { profile }) };
  return {
    stage,
    region,
    regionFrom,
    stack: `${SERVICE}-${stage}`,
    ...(profile === undefined ? {} : { profile }),
    surroundings: { identity, env: io.env, signal, now: Date.now },
  };
}

/** In the order of the AWS tools: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html */
async function findRegion(
  env: NodeJS.ProcessEnv,
  homeDir: string,
  { region, profile }: AwsOptions,
): Promise<[region: string, from: string]> {
  if (region !== undefined) return [checked(region, '--region'), '--region'];
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const text = env[name] ?? '';
    if (text !== '') return [checked(text, name), name];
  }
  const file = env['AWS_CONFIG_FILE'] || path.join(homeDir, '.aws', 'config');
  const name = profile ?? (env['AWS_PROFILE'] || 'default');
  const text = await readFile(file, 'utf8').catch(() => '');
  const found = regionOfProfile(text, name);
  if (found !== undefined) return [checked(found, file), `the profile ${printable(name)} in ${file}`];
  throw new TransshipError('invalid-usage', 'nothing says which region of AWS is meant', {
    hint: 'name it: --region eu-west-1, or set AWS_REGION',
  });
}

/** The region in a section of the AWS configuration file. */
export function regionOfProfile(text: string, profile: string): string | undefined {
  const headings = profile === 'default' ? ['default', 'profile default'] : [`profile ${profile}`];
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[\s*(.+?)\s*\]/.exec(line)?.[1];
    if (heading !== undefined) isInside = headings.includes(heading.replaceAll(/\s+/g, ' ').replaceAll(/["']/g, ''));
    // lines of nested settings are indented
    const region = isInside ? /^region\s*=\s*([^\s#;]+)/.exec(line)?.[1] : undefined;
    if (region !== undefined) return region;
  }
  return undefined;
}

function checked(region: string, from: string): string {
  if (/^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/.test(region)) return region;
  throw new TransshipError('invalid-usage', `${from}: "${printable(region, 60)}" is no region of AWS`, {
    hint: 'write it like eu-west-1',
  });
}
