// `npm run build`: the bundles of the Lambda functions, and what serverless.yml takes from a configuration
// (TRANSSHIP_STACK_CONFIG; without it the starter). Everything goes to dist/aws.
import { homedir } from 'node:os';
import path from 'node:path';
import { writeStack } from '../stack/write-stack.ts';
import { buildFunctions } from './build-functions.ts';
import { bundleSize } from './bundle-size.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const outDir = path.join(root, 'dist/aws');
const configFile = process.env['TRANSSHIP_STACK_CONFIG'] ?? path.join(root, 'infra/aws/stack/starter.yaml');

const built = await buildFunctions(outDir);
await writeStack({ configFile, outDir, surroundings: { env: process.env, homeDir: homedir(), cwd: process.cwd() } });
const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
for (const { name, metafile } of built) {
  const { startBytes, lazyBytes } = bundleSize(metafile);
  process.stdout.write(`${name}: ${kib(startBytes)} at the start, ${kib(lazyBytes)} when needed\n`);
}
process.stdout.write(`dist/aws: ${built.length} functions and the stack of ${path.relative(root, configFile)}\n`);
