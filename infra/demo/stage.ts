// The stage of the demo: three registries in memory, one of which wants a login, and a folder with all that the server is given.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoRegistry } from './demo-client.ts';
import { startRegistry, type RunningRegistry } from './registry.ts';
import { configText, PASSWORD_FILE, WEBHOOK_FILE, webhookTo } from './server/config-text.ts';

export type Target = DemoRegistry & { registry: RunningRegistry };

export type Stage = {
  /** Takes pushes from anyone, and tells of them. */
  source: RunningRegistry;
  /** One takes pushes from anyone, the other wants a token and gives one for the login alone. */
  targets: readonly [open: Target, locked: Target];
  folder: string;
  config: string;
  dataDir: string;
  logFile: string;
  /** Docker's `config.json` with the one login. */
  authfile: string;
  /** Chooses a port for the server, writes its configuration, and has the source send its notifications there. Gives the port. */
  prepareServer(): Promise<number>;
  close(): Promise<void>;
};

/** @param onExit calls its listener when the process ends, whatever ends it; the function returned forgets the listener */
export async function openStage(onExit: (listener: () => void) => () => void): Promise<Stage> {
  const login = { username: 'demo', password: randomSecret() };
  const webhookSecret = `Bearer ${randomSecret()}`;
  const folder = await mkdtemp(join(tmpdir(), 'transship-demo-'));
  // again where a server that was killed this moment still writes
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  const forgetExit = onExit(removeFolder);
  const options = { recordHeaders: true };
  const [source, open, locked] = await Promise.all([
    startRegistry(options),
    startRegistry(options),
    startRegistry({ ...options, auth: { kind: 'token', users: { [login.username]: login.password } } }),
  ]);
  const inFolder = (name: string) => join(folder, name);
  const [config, authfile] = [inFolder('transship.yaml'), inFolder('auth.json')];
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  await Promise.all([
    writeFile(inFolder(PASSWORD_FILE), login.password, { mode: 0o600 }),
    writeFile(inFolder(WEBHOOK_FILE), webhookSecret, { mode: 0o600 }),
    writeFile(authfile, JSON.stringify({ auths: { [locked.host]: { auth } } }), { mode: 0o600 }),
  ]);
  return {
    source,
    targets: [
      { host: open.host, registry: open },
      { host: locked.host, registry: locked, login },
    ],
    folder,
    config,
    dataDir: inFolder('data'),
    logFile: inFolder('serve.log'),
    authfile,
    async prepareServer() {
      const port = await freePort();
      const hosts = { source: source.host, open: open.host, locked: locked.host };
      await writeFile(config, configText({ ...hosts, port }, login.username));
      source.notifications.splice(0, source.notifications.length, webhookTo(port, webhookSecret));
      return port;
    },
    async close() {
      await Promise.all([source, open, locked].map((registry) => registry.stop()));
      removeFolder();
      forgetExit();
    },
  };
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url');
}

/** One that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  server.close();
  await once(server, 'close');
  return port;
}
