// `npm run demo` on a fresh clone: installs the dependencies if they are missing, then starts `transship demo`.
// Plain JavaScript without dependencies, because it runs on whatever Node is there before anything is installed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = path.join(root, 'infra', 'cli', 'launcher.js');
// npm writes the marker last, so an installation that broke off halfway is done again
const installed = ['.package-lock.json', path.join('.bin', 'node')].map((name) =>
  path.join(root, 'node_modules', name),
);

if (installed.every((file) => fs.existsSync(file)) || install()) {
  // the launcher reads the arguments of a command line like any other
  process.argv.splice(1, 1, launcher, 'demo');
  await import('./launcher.js');
} else {
  process.exitCode = 1;
}

function install() {
  process.stderr.write('Installing the dependencies, this once …\n');
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { status, stdout, stderr } = npm
    ? spawnSync(process.execPath, [npm, ...options], { cwd: root, encoding: 'utf8' })
    : spawnSync(`npm ${options.join(' ')}`, { cwd: root, encoding: 'utf8', shell: true });
  if (status === 0) return true;
  process.stderr.write(`${stdout}${stderr}\nnpm ci failed\nhint: run npm ci to see why, then npm run demo again\n`);
  return false;
}
