#!/usr/bin/env node
// The `transship` command: starts the sources in a checkout and the bundle in an installed package, on a Node that is new enough.
// Plain JavaScript that old versions of Node can still read, so that they fail with a sentence and not with a syntax error.
import fs from 'node:fs';
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = new URL('./main.ts', import.meta.url);
const bundle = new URL('../../dist/main.js', import.meta.url);
const isCheckout = fs.existsSync(sources);

const { engines } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const neededVersion = engines.node.replace('>=', '');
const localNode = path.join(root, 'node_modules', '.bin', 'node');

if (isAtLeast(process.versions.node, neededVersion)) await start();
else if (isCheckout && fs.existsSync(localNode) && fs.realpathSync(localNode) !== process.execPath)
  await startOn(localNode);
else refuse();

async function start() {
  enableCompileCache();
  const { main } = await import((isCheckout ? sources : bundle).href);
  process.exitCode = await main(process.argv.slice(2));
}

/**
 * Compiled code is kept between runs: half of what a short command costs is reading its sources.
 * Whoever can write the folder decides what runs, hence a folder of this user alone and never the shared temporary one.
 */
function enableCompileCache() {
  if (process.env.NODE_COMPILE_CACHE) {
    module.enableCompileCache();
    return;
  }
  const base = process.env.XDG_CACHE_HOME;
  try {
    const folder = path.join(
      base && path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'),
      'transship',
      'code',
    );
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOursAlone(fs.statSync(folder))) module.enableCompileCache(folder);
  } catch {
    // No home or a read-only one: every start compiles anew, nothing else changes.
  }
}

/** @param {import('node:fs').Stats} folder */
function isOursAlone(folder) {
  return process.getuid === undefined || (folder.uid === process.getuid() && (folder.mode & 0o022) === 0);
}

/** Node 20 on the PATH and Node 24 among the dependencies of a checkout: the latter takes over, signals and exit code included. @param {string} node */
async function startOn(node) {
  const { spawn } = await import('node:child_process');
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // before the child is there: a signal must never end this process alone
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well; twice would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code === null ? 1 : code;
  });
  child.on('error', refuse);
}

function refuse() {
  const hint = isCheckout
    ? 'run npm ci, which brings Node ' + neededVersion.split('.')[0]
    : 'install it from https://nodejs.org';
  process.stderr.write(
    'transship needs Node ' +
      neededVersion +
      ' or later; this is Node ' +
      process.versions.node +
      '\nhint: ' +
      hint +
      '\n',
  );
  process.exitCode = 1;
}

/** @param {string} version @param {string} minimum */
function isAtLeast(version, minimum) {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] || 0) - (want?.[part] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
