// The stage of the demo: three registries in memory, one of which wants a login, and a file with that login in a temporary folder.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoRegistry } from './demo-client.ts';
import { startRegistry, type RunningRegistry } from './registry.ts';

export type Stage = {
  source: RunningRegistry;
  /** Takes pushes from anyone. */
  open: RunningRegistry;
  /** Wants a token, and gives one for the login alone. */
  locked: RunningRegistry;
  /** The open and the locked registry, with what it takes to get in. */
  targets: readonly DemoRegistry[];
  /** Docker's `config.json` with the one login. */
  authfile: string;
  close(): Promise<void>;
};

/** @param onExit calls its listener when the process ends, whatever ends it; the function returned forgets the listener */
export async function openStage(onExit: (listener: () => void) => () => void): Promise<Stage> {
  const login = { username: 'demo', password: randomBytes(12).toString('base64url') };
  const folder = await mkdtemp(join(tmpdir(), 'transship-demo-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const forgetExit = onExit(removeFolder);
  const options = { recordHeaders: true };
  const [source, open, locked] = await Promise.all([
    startRegistry(options),
    startRegistry(options),
    startRegistry({ ...options, auth: { kind: 'token', users: { [login.username]: login.password } } }),
  ]);
  const authfile = join(folder, 'auth.json');
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  await writeFile(authfile, JSON.stringify({ auths: { [locked.host]: { auth } } }), { mode: 0o600 });
  return {
    source,
    open,
    locked,
    targets: [{ host: open.host }, { host: locked.host, login }],
    authfile,
    async close() {
      await Promise.all([source, open, locked].map((registry) => registry.stop()));
      removeFolder();
      forgetExit();
    },
  };
}
