// Takes the server's address before the configuration was checked, which takes half of a start: who knocks meanwhile waits instead
// of being sent away. Only for an address of this machine that a single file names plainly; what it says otherwise is seen later.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { takeDoor, type Door } from '../node/serve/door.ts';

export type EarlyDoor = { door: Door; listen: { host: string; port: number } };

const PLAIN_LOOPBACK = /^(127\.0\.0\.1|localhost):(\d{1,5})$/;

/** Undefined where there is anything to be looked at twice; nothing is thrown. */
export async function takeEarlyDoor(files: readonly string[] | undefined, cwd: string): Promise<EarlyDoor | undefined> {
  const [file = 'transship.yaml', ...others] = files ?? [];
  if (others.length > 0) return undefined;
  const listen = await plainListen(path.resolve(cwd, file)).catch(() => undefined);
  return listen === undefined ? undefined : { door: takeDoor({ listen, trustProxy: false }, undefined), listen };
}

async function plainListen(file: string): Promise<EarlyDoor['listen'] | undefined> {
  const [text, { parse }] = await Promise.all([readFile(file, 'utf8'), import('yaml')]);
  const config: unknown = parse(text);
  const api = memberOf(config, 'api');
  if (memberOf(api, 'tls') !== undefined || memberOf(api, 'trustProxy') !== undefined) return undefined;
  const address = memberOf(api, 'listen');
  const [, host, port] = (typeof address === 'string' ? PLAIN_LOOPBACK.exec(address) : undefined) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
