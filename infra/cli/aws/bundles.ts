// The built functions: of the installed package, or of a checkout after `npm run build`.
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { AWS_FUNCTIONS } from '../../aws/stack/functions.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { packageRoot } from '../package-root.ts';

export type Bundles = {
  /** With a folder for each function. */
  folder: string;
  serverlessFile: string;
  /** What they were built from. */
  version: string;
};

/** As in serverless.yml. */
const BUNDLES = path.join('dist', 'aws');

/** Undefined where they were not built. */
export async function findBundles(): Promise<Bundles | undefined> {
  const { folder: root, version } = packageRoot();
  const folder = path.join(root, BUNDLES);
  const serverlessFile = path.join(root, 'serverless.yml');
  const files = [...AWS_FUNCTIONS.map(({ name }) => path.join(folder, name, 'index.mjs')), serverlessFile];
  const isThere = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return isThere.every(Boolean) ? { folder, serverlessFile, version } : undefined;
}

/** @throws TransshipError not-found */
export async function bundlesOrFail(): Promise<Bundles> {
  const bundles = await findBundles();
  if (bundles !== undefined) return bundles;
  throw new TransshipError('not-found', 'the bundles of the functions (dist/aws) are not there', {
    hint: 'in a checkout: npm run build; else install transship again',
  });
}

/** Of the archive that a function is deployed by; undefined where there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
}
