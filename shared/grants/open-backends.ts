// Opens what the sites of a configuration have for grants: each when somebody first asks for it, and what it needs is loaded then.
import type { Cluster } from '../cluster/cluster.ts';
import type { Config, RegistryConfig } from '../config/config.ts';
import { TransshipError } from '../errors.ts';
import { cloudEnvironment } from '../registries/cloud-environment.ts';
import { cloudIdentity } from '../registries/cloud-identity.ts';
import { formPlaceOf } from '../registries/configured-issuers.ts';
import type { IssuerSurroundings } from '../registries/issuer-of-form.ts';
import type { CloudIdentity } from '../registries/vendor.ts';
import type { GrantBackend } from './backend.ts';
import type { BackendFor } from './grants-run.ts';
import { keepSecretInCluster } from './keep-secret-in-cluster.ts';
import { siteKey, type Site } from './site.ts';
import { vendorLogin } from './vendor-login.ts';

export type BackendSurroundings = IssuerSurroundings & {
  /** @throws TransshipError invalid-config where no cluster has this name */
  clusterOf: (name: string) => Promise<Cluster>;
};

type Known = Pick<Config, 'registries' | 'clusters' | 'grants' | 'instance'>;

type NoIdentity = Readonly<Record<string, never>>;

export type OpenBackends = { backendFor: BackendFor; close(): Promise<void> };

export function openBackends(config: Known, surroundings: BackendSurroundings): OpenBackends {
  const opened = new Map<string, Promise<GrantBackend>>();
  return {
    backendFor(site) {
      const key = keyOf(site);
      const known = opened.get(key);
      if (known !== undefined) return known;
      const opening = openBackend(site, config, surroundings);
      opened.set(key, opening);
      // what could not be reached or read may be there the next time
      opening.catch(() => opened.delete(key));
      return opening;
    },
    async close() {
      const all = [...opened.values()];
      opened.clear();
      await Promise.all(all.map((opening) => opening.then((backend) => backend.close?.()).catch(() => undefined)));
    },
  };
}

/** A cluster with other profiles is asked in another way. */
function keyOf(site: Site): string {
  return `${siteKey(site)} ${JSON.stringify([...site.profiles].toSorted(([left], [right]) => (left < right ? -1 : 1)))}`;
}

/** @throws TransshipError invalid-config, and what opening throws */
async function openBackend(site: Site, config: Known, surroundings: BackendSurroundings): Promise<GrantBackend> {
  const { instance } = config;
  const { readSecret } = surroundings;
  const entry = config.registries.find(({ host, aliases }) => host === site.host || aliases.includes(site.host));
  switch (site.backend) {
    case 'kubernetes': {
      const { kubernetesBackend } = await import('./kubernetes/backend.ts');
      return kubernetesBackend({ site, instance, cluster: await surroundings.clusterOf(site.host) });
    }
    case 'ecr': {
      const [{ ecrBackend }, { knownAwsAccounts }] = await Promise.all([
        import('./ecr/backend.ts'),
        import('./ecr/known-accounts.ts'),
      ]);
      const identity = identityOf(entry, readSecret);
      const { createRepository } = entry ?? {};
      return ecrBackend({
        site,
        instance,
        identity: 'aws' in identity ? identity.aws : {},
        env: await cloudEnvironment(formPlaceOf(site.host, entry, surroundings)),
        knownAccounts: knownAwsAccounts(config),
        ...(createRepository === undefined ? {} : { createRepository }),
      });
    }
    case 'artifact-registry': {
      const { artifactRegistryBackend } = await import('./artifact-registry/backend.ts');
      const identity = identityOf(entry, readSecret);
      const patterns = patternsAt(config, site.host);
      return artifactRegistryBackend({
        site,
        instance,
        identity: 'google' in identity ? identity.google : {},
        env: await cloudEnvironment(formPlaceOf(site.host, entry, surroundings)),
        patterns,
      });
    }
    case 'acr': {
      const { acrBackend } = await import('./acr/backend.ts');
      const identity = identityOf(entry, readSecret);
      const keepSecret = keepSecretInCluster(instance, surroundings.clusterOf);
      return acrBackend({
        site,
        instance,
        identity: 'azure' in identity ? identity.azure : {},
        env: await cloudEnvironment(formPlaceOf(site.host, entry, surroundings)),
        keepSecret,
        subscription: subscriptionOf(entry),
      });
    }
    case 'harbor': {
      const { harborBackend } = await import('./harbor/backend.ts');
      const keepSecret = keepSecretInCluster(instance, surroundings.clusterOf);
      const patterns = patternsAt(config, site.host);
      return harborBackend({ site, instance, patterns, keepSecret, ...vendorOptions(site, entry, surroundings) });
    }
    case 'gitlab': {
      const [{ gitlabBackend }, { gitlabAccess }] = await Promise.all([
        import('./gitlab/backend.ts'),
        import('./gitlab/access.ts'),
      ]);
      return gitlabBackend({
        site,
        instance,
        place: formPlaceOf(site.host, entry, surroundings),
        ...gitlabAccess(site.host, entry, readSecret),
        keepSecret: keepSecretInCluster(instance, surroundings.clusterOf),
        patterns: patternsAt(config, site.host),
      });
    }
    case 'quay': {
      const { quayBackend } = await import('./quay/backend.ts');
      return quayBackend({
        site,
        instance,
        patterns: patternsAt(config, site.host),
        ...vendorOptions(site, entry, surroundings),
      });
    }
    case 'ghcr': {
      const { ghcrBackend } = await import('./ghcr/backend.ts');
      return ghcrBackend({ site });
    }
    default:
      throw new TransshipError('unsupported', `${site.host} has no means for grants`);
  }
}

/** For registries whose interface is on their own host. */
function vendorOptions(site: Site, entry: RegistryConfig | undefined, surroundings: BackendSurroundings) {
  return {
    place: formPlaceOf(site.host, entry, surroundings),
    login: vendorLogin(site.host, entry, surroundings.readSecret),
  };
}

/** Empty: none is named, and the cloud's own tools say who we are. */
function identityOf(
  entry: RegistryConfig | undefined,
  read: IssuerSurroundings['readSecret'],
): CloudIdentity | NoIdentity {
  const { credential } = entry ?? {};
  if (typeof credential !== 'object') return {};
  const isCloud = 'aws' in credential || 'google' in credential || 'azure' in credential;
  return isCloud ? cloudIdentity(credential, read) : {};
}

function subscriptionOf(entry: RegistryConfig | undefined): string | undefined {
  const { credential } = entry ?? {};
  return typeof credential === 'object' && 'azure' in credential ? credential.azure.subscription : undefined;
}

function patternsAt({ grants }: Known, host: string): string[] {
  const parts = grants.flatMap(({ what }) => what).filter(({ registry }) => registry === host);
  return [...new Set(parts.flatMap(({ what }) => (what.kind === 'repository' ? [what.pattern] : [])))];
}
