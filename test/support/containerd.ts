// A containerd of our own, without its Kubernetes part: what a node's runtime does when it pulls.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startProcess } from './child-processes.ts';

const run = promisify(execFile);

export type Containerd = {
  /** Runs `ctr` against it; gives what it printed. */
  ctr(...args: readonly string[]): Promise<string>;
  /** What `--hosts-dir` takes: which authority to trust for which registry. */
  hostsDir: string;
  [Symbol.asyncDispose](): Promise<void>;
};

const READY_TIMEOUT_MS = 20_000;

/** `folder` is an empty folder that the caller throws away. */
export async function startContainerd(
  programs: { containerd: string; ctr: string },
  folder: string,
  authorities: Readonly<Record<string, string>>,
): Promise<Containerd> {
  const socket = path.join(folder, 'containerd.sock');
  const configFile = path.join(folder, 'config.toml');
  const ids = `uid = ${process.getuid?.() ?? 0}\ngid = ${process.getgid?.() ?? 0}`;
  writeFileSync(
    configFile,
    `version = 2
root = ${JSON.stringify(path.join(folder, 'root'))}
state = ${JSON.stringify(path.join(folder, 'state'))}
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = ${JSON.stringify(socket)}
${ids}
[ttrpc]
address = ${JSON.stringify(`${socket}.ttrpc`)}
${ids}
`,
  );
  const hostsDir = path.join(folder, 'hosts');
  for (const [host, caFile] of Object.entries(authorities)) {
    mkdirSync(path.join(hostsDir, host), { recursive: true });
    const server = JSON.stringify(`https://${host}`);
    writeFileSync(
      path.join(hostsDir, host, 'hosts.toml'),
      `server = ${server}\n[host.${server}]\ncapabilities = ["pull", "resolve"]\nca = ${JSON.stringify(caFile)}\n`,
    );
  }
  const daemon = startProcess(programs.containerd, ['--config', configFile]);
  const ctr = async (...args: readonly string[]) => {
    const { stdout } = await run(programs.ctr, ['--address', socket, ...args]);
    return stdout;
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!existsSync(socket) || (await ctr('version').catch(() => undefined)) === undefined) {
    if (daemon.hasEnded() || Date.now() > deadline) throw new Error(`containerd did not start:\n${daemon.lastWords()}`);
    await sleep(50);
  }
  return { ctr, hostsDir, [Symbol.asyncDispose]: () => daemon.end('SIGTERM') };
}
