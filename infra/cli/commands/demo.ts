// `transship demo`: gives the scripted demo this program to start as a server, and shows what it tells.
import { fileURLToPath } from 'node:url';
import { runDemo } from '../../demo/run.ts';
import { adminSocketPath } from '../../node/http/admin-socket.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { demoTeller } from '../output/demo-teller.ts';

export type DemoOptions = { keep?: boolean };

export async function runDemoCommand(context: Context, options: DemoOptions): Promise<number> {
  const { io, signal } = context;
  const teller = demoTeller(context, launcherPath());
  try {
    const proved = await runDemo({
      program: { command: process.execPath, args: [launcherPath()] },
      socketOf: (dataDir) => adminSocketPath(dataDir, io.env),
      tell: teller.tell,
      keep: options.keep ?? false,
      signal,
      onExit: (listener) => io.onExit(listener),
    });
    return proved ? EXIT.done : EXIT.failed;
  } finally {
    teller.stop();
  }
}

/** In a checkout from `infra/cli/commands`, in a package from `dist`. */
function launcherPath(): string {
  const path = import.meta.url.endsWith('.ts') ? '../launcher.js' : '../infra/cli/launcher.js';
  return fileURLToPath(new URL(path, import.meta.url));
}
