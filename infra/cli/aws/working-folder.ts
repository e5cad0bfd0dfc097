// The folder that osls works in: the built functions, serverless.yml, and what is written for the user's configuration. It is made anew
// each time, beside the configuration, and holds no secret.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AWS_FUNCTIONS } from '../../aws/stack/functions.ts';
import { CONFIG_KEY } from '../../aws/stack/names.ts';
import { writeStack } from '../../aws/stack/write-stack.ts';
import { bundlesOrFail } from './bundles.ts';
import { IN_LAMBDA, type DeployedConfig } from './deployed-config.ts';

export type WorkingFolder = {
  folder: string;
  /** What osls packages into. */
  packageFolder: string;
};

const FOLDER = path.join('.transship', 'aws');
const PACKAGE = '.serverless';

/** @throws TransshipError not-found where nothing was built; invalid-config for a configuration that functions cannot have */
export async function makeWorkingFolder({ text, loaded: { files } }: DeployedConfig): Promise<WorkingFolder> {
  const bundles = await bundlesOrFail();
  const folder = path.resolve(path.dirname(files[0] ?? '.'), FOLDER);
  await rm(folder, { recursive: true, force: true });
  const dist = path.join(folder, 'dist', 'aws');
  await mkdir(dist, { recursive: true });
  // what stands here can be had again at any time
  await writeFile(path.join(folder, '.gitignore'), '*\n');
  await cp(bundles.serverlessFile, path.join(folder, 'serverless.yml'));
  for (const { name } of AWS_FUNCTIONS) {
    await cp(path.join(bundles.folder, name), path.join(dist, name), { recursive: true });
  }
  const configFile = path.join(folder, CONFIG_KEY);
  await writeFile(configFile, text);
  await writeStack({ configFile, outDir: dist, surroundings: IN_LAMBDA });
  return { folder, packageFolder: path.join(folder, PACKAGE) };
}
