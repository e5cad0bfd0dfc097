// What a host that reaches no cluster gives its functions: each request for one says so.
import { issuedCredentials } from '../shared/credentials/issued-credentials.ts';
import { TransshipError } from '../shared/errors.ts';
import type { Deps } from './deps.ts';

export function withoutClusters(): Pick<Deps, 'clusters' | 'grantBackends' | 'issuers' | 'probePull' | 'credentials'> {
  const missing = (what: string): TransshipError =>
    new TransshipError('invalid-config', `${what} cannot be had here`, {
      hint: 'name the cluster under clusters: in the configuration, and run the command against a server that has it',
    });
  return {
    clusters: () => ({ names: [], get: (name) => Promise.reject(missing(`the cluster ${name}`)) }),
    grantBackends: () => (site) => Promise.reject(missing(`what ${site.host} has for grants`)),
    issuers: () => ({
      of(registry) {
        throw missing(`a credential of ${registry}`);
      },
    }),
    probePull: () => (registry) => Promise.reject(missing(`a credential of ${registry}`)),
    credentials: issuedCredentials(),
  };
}
