// The issuers of a configuration: for each registry the one that its `credential` asks for, with every name that a pull Secret needs a
// key for. Nothing is read, loaded or asked before the first credential is issued.
import type { Config, RegistryConfig } from '../config/config.ts';
import { connectionMaterial } from './connection-material.ts';
import { serverUrl } from './docker-config-lookup.ts';
import { issuerOfForm, type FormPlace, type IssuerSurroundings } from './issuer-of-form.ts';
import type { Issuer } from './issuer.ts';
import { vendorOf } from './vendors.ts';

export type Issuers = {
  /**
   * The same issuer for every name of a registry; one without an entry, or without a credential in it, is looked for in the files of
   * Docker and containers when it issues.
   * @throws TransshipError invalid-config for a registry whose entry says that there is no login, or whose kind does not take its form
   */
  of(registry: string): Issuer;
};

export function openIssuers(registries: Config['registries'], surroundings: IssuerSurroundings): Issuers {
  const known = new Map(registries.flatMap((entry) => [entry.host, ...entry.aliases].map((name) => [name, entry])));
  const opened = new Map<string, Issuer>();
  return {
    of(registry) {
      const entry = known.get(registry);
      const host = entry?.host ?? registry;
      let issuer = opened.get(host);
      if (issuer === undefined) {
        issuer = issuerOfForm(entry?.credential, formPlaceOf(host, entry, surroundings), surroundings);
        opened.set(host, issuer);
      }
      return issuer;
    },
  };
}

/** Where a registry is and how it is reached, by its entry. */
export function formPlaceOf(
  host: string,
  entry: RegistryConfig | undefined,
  surroundings: IssuerSurroundings,
): FormPlace {
  const { env, certificateAuthorities, plainHttpHosts = [], timeouts, retries, readSecret } = surroundings;
  const aliases = entry?.aliases ?? [];
  const names = [host, ...aliases];
  const vendor = vendorOf(host, entry?.kind);
  const others = names.flatMap((name) => vendor.otherNames?.(name.toLowerCase()) ?? []);
  const isPlain = entry?.plainHttp === true || names.some((name) => plainHttpHosts.includes(name));
  const material = entry === undefined ? undefined : connectionMaterial(entry, readSecret);
  return {
    host,
    aliases,
    kind: entry?.kind,
    hosts: [...new Set([...names, ...others].map(serverUrl))],
    env,
    ...(isPlain ? { plainHttp: true } : {}),
    ...(certificateAuthorities === undefined ? {} : { certificateAuthorities }),
    ...(material === undefined ? {} : { material }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(retries === undefined ? {} : { retries }),
  };
}
