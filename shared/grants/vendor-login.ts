// The login by which the interface of a registry is asked: that of its entry in the configuration.
import type { RegistryConfig } from '../config/config.ts';
import { TransshipError } from '../errors.ts';
import type { ReadSecret } from '../registries/connection-material.ts';
import { readLogin } from '../registries/static-issuer.ts';
import type { Secret } from '../telemetry/secret.ts';

/** Read anew for each run, so that what was renewed is used. @throws TransshipError invalid-config */
export type VendorLogin = () => Promise<{ username: string; password: Secret }>;

export function vendorLogin(host: string, entry: RegistryConfig | undefined, read: ReadSecret): VendorLogin {
  return async () => {
    const credential = entry?.credential;
    if (typeof credential === 'object' && 'password' in credential) return readLogin(credential, read);
    throw new TransshipError('invalid-config', `it is not said as whom to set grants at ${host}`, {
      hint: `give ${host} a credential with username and password in registries: of somebody who may set its permissions`,
      details: { registry: host, operation: 'log in' },
    });
  };
}
