// The stack of a configuration as a deployment has it: bundles built from the sources, and the template that osls makes of serverless.yml,
// in a folder of its own.
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { AWS_FUNCTIONS } from '../../../infra/aws/stack/functions.ts';
import { writeStack } from '../../../infra/aws/stack/write-stack.ts';
import { builtBundles } from './built-bundles.ts';
import type { Template } from './intrinsics.ts';

export type Packaged = {
  template: Template;
  /** A folder for each function. */
  bundles: string;
  [Symbol.asyncDispose](): Promise<void>;
};

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TEMPLATE = '.serverless/cloudformation-template-update-stack.json';
const run = promisify(execFile);

/**
 * Takes some seconds.
 * @param configText as it stands in transship.yaml
 * @param code `none`: for who only looks at the template, functions that do nothing
 * @param given as after `--param`: `otherAccounts=111122223333`
 */
export async function packageStack(
  configText: string,
  code: 'built' | 'none' = 'built',
  given: readonly string[] = [],
): Promise<Packaged> {
  const folder = await mkdtemp(path.join(tmpdir(), 'transship-package-'));
  const bundles = path.join(folder, 'dist/aws');
  const configFile = path.join(folder, 'transship.yaml');
  await mkdir(bundles, { recursive: true });
  await writeFile(configFile, configText);
  await copyFile(path.join(ROOT, 'serverless.yml'), path.join(folder, 'serverless.yml'));
  const surroundings = { env: {}, homeDir: folder, cwd: folder };
  if (code === 'none') await writeNothing(bundles);
  else await cp(await builtBundles(), bundles, { recursive: true });
  await writeStack({ configFile, outDir: bundles, surroundings });
  const osls = path.join(ROOT, 'node_modules/.bin/osls');
  const env = { ...process.env, HOME: folder, SLS_TRACKING_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };
  await run(osls, ['package', ...given.map((param) => `--param=${param}`)], { cwd: folder, env });
  return {
    template: JSON.parse(await readFile(path.join(folder, TEMPLATE), 'utf8')),
    bundles,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writeNothing(bundles: string): Promise<void> {
  for (const { name } of AWS_FUNCTIONS) {
    await mkdir(path.join(bundles, name), { recursive: true });
    await writeFile(path.join(bundles, name, 'index.mjs'), 'export const handler = async () => {};\n');
  }
}
