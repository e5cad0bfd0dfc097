// A registry client for a registry that has a name, as in the world, though it listens on loopback: the test is its name server.
import type { Credential, CredentialSource } from '../../shared/oci/auth/credential.ts';
import { anonymous } from '../../shared/oci/auth/credential.ts';
import type { Lookup } from '../../shared/oci/egress/egress-guard.ts';
import { createRegistryClient, type RegistryClient } from '../../shared/oci/registry-client.ts';
import type { RegistryRuntime, RegistrySettings } from '../../shared/oci/registry-settings.ts';
import type { Repository } from '../../shared/oci/repository.ts';
import { distribution } from '../../shared/registries/distribution.ts';
import { QUICK_RETRIES, QUICK_TIMEOUTS } from './copy-run.ts';

/** Addresses by name; a name that is not here does not exist. */
type Names = Record<string, readonly string[]>;

export type NamedClient = {
  client: RegistryClient;
  repository: Repository;
  /** Names that were looked up, in order. */
  lookedUp: string[];
  /** How often a credential was asked for. */
  asked: { registry: string; repository?: string }[];
};

export type NamedClientOptions = Partial<Omit<RegistrySettings, 'host' | 'credentials'>> & {
  credential?: Credential;
  credentials?: CredentialSource;
  names?: Names;
  runtime?: Partial<RegistryRuntime>;
};

/** `host` is `name:port`; every name in it that `names` does not know leads to 127.0.0.1. */
export function namedClient(host: string, options: NamedClientOptions = {}): NamedClient {
  const { credential = anonymous, credentials, names = {}, runtime = {}, ...settings } = options;
  const lookedUp: string[] = [];
  const asked: NamedClient['asked'] = [];
  const own = new URL(`http://${host}`).hostname;
  const lookup: Lookup = (name, _options, callback) => {
    lookedUp.push(name);
    const addresses = names[name] ?? (name === own ? ['127.0.0.1'] : undefined);
    if (addresses === undefined) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
      return callback(error, []);
    }
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const client = createRegistryClient(
    {
      host,
      apiHost: host,
      scheme: 'http:',
      pathPrefix: '',
      traits: distribution.traits,
      trustedHosts: [],
      certificateAuthorities: [],
      ...settings,
      credentials:
        credentials ??
        (({ registry, repository }) => {
          asked.push({ registry, ...(repository === undefined ? {} : { repository }) });
          return Promise.resolve(credential);
        }),
    },
    {
      userAgent: 'transship-test',
      proxies: {},
      timeouts: QUICK_TIMEOUTS,
      retries: QUICK_RETRIES,
      now: Date.now,
      random: () => 0,
      lookup,
      ...runtime,
    },
  );
  return { client, repository: { registry: client, name: 'team/app' }, lookedUp, asked };
}
