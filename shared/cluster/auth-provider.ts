// Logs in by an `auth-provider` of a kubeconfig (OpenID Connect and what came before login programs), as the official client does; it
// takes most of a second to load, so that only who has one pays for it.
import type { RequestOptions } from 'node:https';
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ApiObject } from './cluster.ts';
import type { Identity } from './connection.ts';
import { fieldOf, isObject } from './json-fields.ts';

/** @throws TransshipError credential-helper-failed */
export async function askAuthProvider(provider: ApiObject, server: URL, cluster: string): Promise<Identity> {
  const { applyClientOptions } = await import('./client-options.ts');
  const options: RequestOptions = {};
  const place = { name: 'cluster', server: server.href, skipTLSVerify: false };
  // what it says may hold what the provider answered
  await applyClientOptions(options, place, { name: 'user', authProvider: provider }).catch(() => undefined);
  const header = isObject(options.headers) ? fieldOf(options.headers, 'Authorization') : undefined;
  if (typeof header === 'string') return { authorization: new Secret(header) };
  const name = printable(String(fieldOf(provider, 'name')), 60);
  throw new TransshipError('credential-helper-failed', `cluster ${cluster}: its auth-provider ${name} gave no token`, {
    hint: 'log in with kubectl, or use a login program (exec) in its place',
    retryable: true,
    details: { cluster },
  });
}
