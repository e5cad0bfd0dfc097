// Tells whether registries and clusters have to be opened anew: a mark of all that their connections are made with, the contents of
// certificates, keys and proxies of registries among it. Passwords are none of it, they are read when they are used.
import { createHash } from 'node:crypto';
import type { Config, RegistryConfig, SecretReference } from '../../shared/config/config.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

type ReadSecret = (reference: SecretReference) => Promise<Secret>;

/** The same text for the same connections; no secret can be had from it. */
export async function connectionsMark(config: Config, readSecret: ReadSecret): Promise<string> {
  const { registries, rules, clusters, credentials } = config;
  const hash = createHash('sha256');
  // who is named by a rule is one of ours
  const named = rules.flatMap(({ from, to }) => [from.registry, ...to.map(({ registry }) => registry)]);
  hash.update(JSON.stringify([registries, [...new Set(named)].sort(), clusters]));
  // credentials are tried at repositories that rules name
  if (credentials.length > 0) {
    hash.update(JSON.stringify(rules.map(({ from, to }) => [from.text, ...to.map(({ text }) => text)])));
  }
  for (const reference of registries.flatMap(materialOf)) {
    // one that cannot be read is told by whoever connects with it
    const text = await readSecret(reference).then(
      (secret) => secret.reveal(),
      () => '',
    );
    hash.update(createHash('sha256').update(text).digest());
  }
  return hash.digest('hex');
}

function materialOf({ ca, clientCertificate, proxy }: RegistryConfig): SecretReference[] {
  const references = [ca, clientCertificate?.certificate, clientCertificate?.key];
  const found = references.filter((one) => one !== undefined);
  return typeof proxy === 'object' ? [...found, proxy] : found;
}
