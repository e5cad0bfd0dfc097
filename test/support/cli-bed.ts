// A data folder with a configuration for commands, the commands in this process, and a server for them when a test wants one.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { main } from '../../infra/cli/main.ts';
import { openSqliteStore, type SqliteStore } from '../../infra/node/sqlite-store.ts';
import { captureIo } from './captured-io.ts';

export type Ran = { exitCode: number; stdout: string; stderr: string };

export type CliBed = {
  dataDir: string;
  configFile: string;
  /** Runs a command line with the configuration of the bed. */
  run(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Works on the store while no server runs. */
  withStore<T>(work: (store: SqliteStore) => Promise<T>): Promise<T>;
  /** Starts `transship serve`; gives its address. */
  serve(): Promise<string>;
  stopServer(): Promise<void>;
  remove(): Promise<void>;
};

/** @param config the configuration without version, data folder and api */
export async function openCliBed(config: string, env: NodeJS.ProcessEnv = {}): Promise<CliBed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'transship-cli-'));
  const dataDir = path.join(folder, 'data');
  const configFile = path.join(folder, 'transship.yaml');
  await writeFile(configFile, `version: 1\ndataDir: ${dataDir}\napi: { listen: '127.0.0.1:0' }\n${config}`);
  let server: { ended: Promise<number>; stop(): void } | undefined;

  async function serve(): Promise<string> {
    const io = captureIo({ env });
    const written = new EventTarget();
    const write = io.stdout.write.bind(io.stdout);
    io.stdout.write = (chunk) => {
      written.dispatchEvent(new Event('line'));
      return write(chunk);
    };
    const ended = main(['serve', '-c', configFile, '--json'], io);
    server = { ended, stop: () => io.send('SIGTERM') };
    let url: string | undefined;
    while (url === undefined) {
      await Promise.race([once(written, 'line'), ended.then(() => Promise.reject(new Error(io.stderr.text())))]);
      await setImmediate();
      url = /"url":"(http[^"]+)"/.exec(io.stdout.text())?.[1];
    }
    return url;
  }

  async function stopServer(): Promise<void> {
    server?.stop();
    await server?.ended;
    server = undefined;
  }

  return {
    dataDir,
    configFile,
    serve,
    stopServer,
    async run(words, more = {}) {
      const io = captureIo({ env: { ...env, ...more } });
      const exitCode = await main([...words, '-c', configFile], io);
      return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
    },
    async withStore(work) {
      const store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    },
    async remove() {
      await stopServer();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The values that a command printed with --json. */
export function jsonLines({ stdout }: Ran): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
