// The socket in the data folder through which commands of the same user reach a running server. Who can open it is let in as admin,
// so nobody else may: the folder and the socket are the owner's alone.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { TransshipError } from '../../../shared/errors.ts';
import { closeToOthers } from '../owner-only.ts';

/** The name of a socket has room for 104 bytes on some systems, with a zero at its end. https://man7.org/linux/man-pages/man7/unix.7.html */
const LONGEST_BYTES = 100;

/** Where the socket of a data folder is: in it, or where the name would be too long, in the user's folder for running programs. */
export function adminSocketPath(dataDir: string, env: NodeJS.ProcessEnv): string {
  const inside = path.join(dataDir, 'admin.sock');
  if (Buffer.byteLength(inside) <= LONGEST_BYTES) return inside;
  const name = createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 16);
  return path.join(runtimeDir(env), `${name}.sock`);
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function runtimeDir(env: NodeJS.ProcessEnv): string {
  const given = env['XDG_RUNTIME_DIR'];
  if (given && path.isAbsolute(given) && Buffer.byteLength(given) <= 60) return path.join(given, 'transship');
  return path.join('/tmp', `transship-${process.getuid?.() ?? 'user'}`);
}

/**
 * Makes place for the socket; whoever calls it owns the data folder, so a socket that is there is one that a killed process left.
 * @throws TransshipError invalid-config where something else stands there, or others could put something there
 */
export function preparePlace(socketPath: string, dataDir: string): void {
  const folder = path.dirname(socketPath);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (folder === path.resolve(dataDir)) closeToOthers(folder);
  else assertOurs(folder);
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new TransshipError('invalid-config', `${socketPath} is in the way: it is no socket`, {
      hint: 'move it away',
    });
  }
  rmSync(socketPath);
}

/** In a place where everybody may make folders, one of that name may be another user's. */
function assertOurs(folder: string): void {
  const { uid } = lstatSync(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new TransshipError('invalid-config', `the folder ${folder} belongs to another user`, {
      hint: 'choose a shorter dataDir, or set XDG_RUNTIME_DIR to a folder of your own',
    });
  }
  chmodSync(folder, 0o700);
}

/** Runs what makes the socket, so that it is the owner's alone from the first moment on. */
export function asOwnerAlone<T>(make: () => T): T {
  const before = process.umask(0o177);
  try {
    return make();
  } finally {
    process.umask(before);
  }
}

/**
 * For who is about to talk to it: the server behind the socket is ours, or that of the owner of the data folder.
 * @throws TransshipError invalid-config where somebody else put it there
 */
export function assertOwnSocket(socketPath: string, dataDir: string): void {
  const socket = lstatSync(socketPath, { throwIfNoEntry: false });
  if (socket === undefined || process.getuid === undefined) return;
  const owners = [process.getuid(), statSync(dataDir, { throwIfNoEntry: false })?.uid];
  if (owners.includes(socket.uid)) return;
  throw new TransshipError('invalid-config', `the socket ${socketPath} belongs to another user`, {
    hint: 'look who put it there, and remove it; or name the server with --server',
  });
}
