// Packages a deployment: the working folder, and what osls makes of it.
import path from 'node:path';
import { AWS_FUNCTIONS } from '../../aws/stack/functions.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { Context } from '../context.ts';
import { printTable } from '../output/table-with-heading.ts';
import { count, formatBytes } from '../output/units.ts';
import { sizeOf } from './bundles.ts';
import { checkConfig } from './checks/config.ts';
import type { DeployedConfig } from './deployed-config.ts';
import { runOsls } from './osls.ts';
import { wordsOf, type Parameters } from './parameters.ts';
import { makeWorkingFolder, type WorkingFolder } from './working-folder.ts';

export type PackageOptions = { stage: string; region?: string; parameters: Parameters };

export type Packaged = WorkingFolder & {
  template: string;
  functions: readonly { name: string; sizeBytes: number; memoryMiB: number; timeoutSeconds: number }[];
};

const TEMPLATE = 'cloudformation-template-update-stack.json';

/** @throws TransshipError invalid-config for what functions cannot do, deploy-failed */
export async function makePackage(
  context: Context,
  config: DeployedConfig,
  options: PackageOptions,
): Promise<Packaged> {
  assertUsable(config);
  const made = await makeWorkingFolder(config);
  await runOsls(context, ['package', '--package', made.packageFolder, ...oslsWords(options)], made);
  const functions = await Promise.all(
    AWS_FUNCTIONS.map(async ({ name, memoryMiB, timeoutSeconds }) => {
      const sizeBytes = (await sizeOf(path.join(made.packageFolder, `${name}.zip`))) ?? 0;
      return { name, sizeBytes, memoryMiB, timeoutSeconds };
    }),
  );
  return { ...made, functions, template: path.join(made.packageFolder, TEMPLATE) };
}

/** The options that every command of osls gets. */
export function oslsWords({ stage, region, parameters }: PackageOptions): string[] {
  return ['--stage', stage, ...(region === undefined ? [] : ['--region', region]), ...wordsOf(parameters)];
}

/** @throws TransshipError invalid-config */
export function assertUsable(config: DeployedConfig): void {
  const wrong = checkConfig(config).filter(({ state }) => state === 'fail');
  const [first] = wrong;
  if (first === undefined) return;
  const about = first.about === undefined ? '' : `${first.about}: `;
  const others = wrong.length === 1 ? '' : `, and ${count(wrong.length - 1, 'more such place')}`;
  throw new TransshipError('invalid-config', `${about}${first.message}${others}`, {
    hint: first.hint ?? 'transship aws doctor shows all of them',
  });
}

export function printPackage(context: Context, { functions }: Packaged): void {
  const rows = functions.map(({ name, sizeBytes, memoryMiB, timeoutSeconds }) => [
    name,
    formatBytes(sizeBytes),
    `${memoryMiB} MiB`,
    `${timeoutSeconds} s`,
  ]);
  printTable(context, ['FUNCTION', 'ARCHIVE', 'MEMORY', 'TIMEOUT'], rows, 'no functions');
}
