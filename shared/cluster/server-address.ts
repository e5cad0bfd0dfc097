// The address of an API server: https, or plain HTTP to this very machine (as `kubectl proxy` gives it), where nobody listens between.
import { TransshipError } from '../errors.ts';

/** @throws TransshipError invalid-config */
export function readServer(text: string, { cluster }: { cluster: string }): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) {
    url.search = '';
    url.hash = '';
    if (url.username === '' && url.password === '') return url;
  }
  throw new TransshipError('invalid-config', `cluster ${cluster}: the address of its API server is not one to go to`, {
    hint: 'write it like https://host:port, without a user name; plain http is for this machine only',
  });
}
