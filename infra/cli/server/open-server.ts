// Finds the server that a command talks to: the one that was named, the one that owns the data folder, or none, and then the command
// works on the store itself.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadConfigIfAny } from '../../../shared/config/config-if-any.ts';
import type { Config } from '../../../shared/config/config.ts';
import { isTransshipError, messageOf, TransshipError } from '../../../shared/errors.ts';
import { isLoopbackHost } from '../../../shared/oci/http/scheme-probe.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { adminSocketPath, assertOwnSocket } from '../../node/http/admin-socket.ts';
import { logs, type Context } from '../context.ts';
import { readAuthorities } from '../open-registries.ts';
import { styleFor } from '../output/style.ts';
import type { Caller } from './call-api.ts';
import { httpWire, isNobodyThere, socketWire } from './http-wire.ts';
import type { Wire } from './wire.ts';

export type ServerOptions = { server?: string; tokenFile?: string };

/** Runs a command's work with the API; it may make the store where there is none yet. @throws TransshipError connection-failed, store-locked */
export async function withServer<Result>(
  context: Context,
  options: ServerOptions,
  work: (caller: Caller) => Promise<Result>,
  { makesStore = false } = {},
): Promise<Result> {
  const wire = options.server === undefined ? await localWire(context, makesStore) : await namedWire(context, options);
  try {
    return await work({ wire, signal: context.signal });
  } finally {
    await wire.close();
  }
}

/** The same with the server that owns the data folder; undefined where none runs. */
export async function withRunningServer<Result>(
  context: Context,
  config: Pick<Config, 'dataDir'>,
  work: (caller: Caller) => Promise<Result>,
): Promise<Result | undefined> {
  const wire = await socketIfAny(context, config);
  return wire === undefined ? undefined : work({ wire, signal: context.signal });
}

async function namedWire(context: Context, { server = '', tokenFile }: ServerOptions): Promise<Wire> {
  const url = readUrl(server);
  const token = await readToken(context, tokenFile);
  if (token !== undefined && url.protocol === 'http:' && !isLoopbackHost(url.hostname)) warnOfClearText(context, url);
  const certificateAuthorities = await readAuthorities(context);
  return httpWire({ url, certificateAuthorities, ...(token === undefined ? {} : { token }) });
}

/** The socket first: a server that runs owns the store. */
async function localWire(context: Context, makesStore: boolean): Promise<Wire> {
  const config = await readConfigOrNone(context);
  const socket = await socketIfAny(context, config);
  if (socket !== undefined) return socket;
  if (!makesStore && !existsSync(path.join(config.dataDir, 'jobs.sqlite'))) {
    throw new TransshipError('connection-failed', `no server runs here, and there are no jobs in ${config.dataDir}`, {
      hint: 'start it: transship serve; or name one: --server https://transship.example.com',
    });
  }
  const { storeWire } = await import('./store-wire.ts');
  return storeWire(config, context).catch((error: unknown) => {
    if (!isTransshipError(error, 'store-locked')) throw error;
    throw new TransshipError('store-locked', `the process that owns ${config.dataDir} does not answer`, {
      hint: 'it may be starting or ending: try again in a moment',
      cause: error,
    });
  });
}

/** Undefined where nobody listens. */
async function socketIfAny(context: Context, { dataDir }: Pick<Config, 'dataDir'>): Promise<Wire | undefined> {
  const socketPath = adminSocketPath(dataDir, context.io.env);
  assertOwnSocket(socketPath, dataDir);
  const socket = socketWire(socketPath);
  try {
    const { body } = await socket.send({ method: 'GET', path: '/livez' }, context.signal);
    for await (const _ of body);
    return socket;
  } catch (error) {
    if (isNobodyThere(error)) return undefined;
    throw error;
  }
}

/** Without a configuration all defaults hold. @throws TransshipError invalid-config */
async function readConfigOrNone({ io, globals }: Context): Promise<Config> {
  const surroundings = { env: io.env, homeDir: io.homeDir, cwd: process.cwd() };
  const loaded = await loadConfigIfAny(globals.config, surroundings);
  if (loaded !== undefined) return loaded.config;
  const { readConfig } = await import('../../../shared/config/load.ts');
  return readConfig([{ file: 'transship.yaml', text: 'version: 1' }], surroundings).config;
}

/** @throws TransshipError invalid-usage */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TransshipError('invalid-usage', `--server "${printable(text, 100)}" is not the address of a server`, {
      hint: 'write it like https://transship.example.com or http://127.0.0.1:8080',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new TransshipError('invalid-usage', '--server has a user name or password in it', {
      hint: 'put a token into TRANSSHIP_TOKEN instead',
    });
  }
  return url;
}

/** @throws TransshipError invalid-usage where the file cannot be read */
async function readToken({ io }: Context, file: string | undefined): Promise<Secret | undefined> {
  const text = file === undefined ? io.env['TRANSSHIP_TOKEN'] : await readTokenFile(file);
  const token = text?.trim();
  if (token === undefined || token === '') return undefined;
  // more would end the header and begin another one
  if (/^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  throw new TransshipError('invalid-usage', 'the token has white space or other characters that no token has', {
    hint: 'give the token alone, without quotes and without "Bearer"',
  });
}

async function readTokenFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new TransshipError('invalid-usage', `--token-file ${printable(file)} can't be read: ${messageOf(error)}`, {
      hint: 'check the name and the rights of the file',
    });
  });
}

function warnOfClearText({ io, globals }: Context, url: URL): void {
  if (!logs(globals, 'warn') || globals.json) return;
  const style = styleFor(io.stderr, io, globals);
  io.stderr.write(
    `${style('yellow', 'warning:')} the token goes to ${url.host} without TLS: everybody on the way can read it\n`,
  );
}
