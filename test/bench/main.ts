// `npm run bench`: measures transship beside skopeo, crane and regctl, prints tables, and with --out writes the documentation.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { provision, thisMachine } from '../support/provision.ts';
import { COMPONENTS, type ComponentName } from '../support/provision/components.ts';
import { AWS_COSTS, measureAwsCosts } from './aws-costs.ts';
import { COLD_STARTS, measureColdStarts } from './cold-starts.ts';
import { otherContenders, ourContenders, programVersion } from './contenders.ts';
import { measureCopies } from './copies.ts';
import { renderResults } from './document.ts';
import { layOutPackage } from './installed-package.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { measureReceivers, RECEIVERS } from './receivers.ts';
import { OURS_ALONE, type Results } from './results.ts';
import { measureStartUp } from './start-up.ts';
import { chooseWorkloads, START_UP } from './workloads.ts';
import { writeResults } from './write-results.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function runBench({ runs, only, isLarge, outDir }: BenchOptions, args: readonly string[], signal: AbortSignal) {
  if (process.platform !== 'linux') throw new Error('the bench needs Linux: it reads memory and CPU time from /proc');
  using work = temporaryFolder();
  if (only.includes(COLD_STARTS)) {
    const { path: moto } = await provide('moto');
    process.stdout.write(await measureColdStarts(moto, { folder: path.join(work.path, 'functions'), signal }));
  }
  const registry = await provide('docker-registry');
  if (only.includes(AWS_COSTS)) {
    const { path: moto } = await provide('moto');
    process.stdout.write(await measureAwsCosts({ moto, registry: registry.path }, signal));
  }
  if (only.length > 0 && only.every((name) => name === COLD_STARTS || name === AWS_COSTS)) return;
  const home = path.join(work.path, 'home');
  mkdirSync(home);
  // an empty home: no logins, no settings, caches of this run only; and no proxy
  const env = { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8' };
  const ours = layOutPackage(path.join(work.path, 'package'));
  const contenders = [...ourContenders(ours.installedLauncher, ours.version), ...otherContenders(process.env)];
  const programs = contenders
    .filter(({ name }) => name !== OURS_ALONE)
    .map(({ name, version }) => `${name} ${version}`);
  say(`comparing ${programs.join(', ')}`);

  const workloads = chooseWorkloads({ only, isLarge });
  const hasStartUp = only.length === 0 || only.includes(START_UP);
  const starts = hasStartUp ? await measureStartUp(ours, { env, signal }) : [];
  const hasReceivers = only.length === 0 || only.includes(RECEIVERS);
  const served = { folder: work.path, env, signal, say };
  const receivers = hasReceivers ? await measureReceivers(ours, served) : [];
  const folder = path.join(work.path, 'registries');
  mkdirSync(folder);
  const bench = { registryProgram: registry.path, contenders, workloads, runs, folder, env, signal, say };
  const results: Results = {
    setting: {
      date: new Date().toISOString().slice(0, 10),
      command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      machine: describeMachine(),
      programs,
      server: `CNCF distribution ${programVersion(registry.path, registry.component)} on loopback`,
    },
    copies: await measureCopies(bench),
    starts,
    receivers,
  };
  process.stdout.write(`\n${renderResults(results)}`);
  if (outDir !== undefined) writeResults(outDir, results);
}

async function provide(component: ComponentName) {
  const [found] = await provision(
    thisMachine(),
    COMPONENTS.filter(({ name }) => name === component),
  );
  if (found === undefined || 'missing' in found) throw new Error(`no ${component}: ${found?.missing}`);
  return found;
}

function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-bench-'));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const args = process.argv.slice(2);
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
try {
  const options = parseOptions(args);
  if (options === 'help') process.stdout.write(USAGE);
  else await runBench(options, args, interrupted.signal);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
