// Why a server cannot listen where it should, in words that say what to do.
import type { ListenOptions } from 'node:net';
import { TransshipError, messageOf } from '../../../shared/errors.ts';

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EADDRINUSE: ['another program listens there', 'end it, or choose another port with KEY'],
  EACCES: ['this user may not listen there', 'ports below 1024 are for root: choose another with KEY'],
  EADDRNOTAVAIL: ['this machine has no such address', 'choose one of its addresses with KEY'],
  ENOTFOUND: ['no such host name', 'write an address of this machine in KEY'],
};

/** @param key of the configuration, which says where to listen */
export function listenError(
  { host, port, path }: ListenOptions,
  error: NodeJS.ErrnoException,
  key = 'api.listen',
): TransshipError {
  const where = path ?? `${host?.includes(':') ? `[${host}]` : host}:${port}`;
  const [reason, hint] = REASONS[error.code ?? ''] ?? [messageOf(error), 'look at KEY and dataDir'];
  return new TransshipError('invalid-config', `cannot listen on ${where}: ${reason}`, {
    hint: hint.replace('KEY', key),
    cause: error,
  });
}
