// Pull probes of the registries of a configuration: each by its own address, certificates, proxy and rules of egress, and at a repository
// that its entry, or else the host of the program, names.
import type { Config } from '../config/config.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import { anonymous } from '../oci/auth/credential.ts';
import { registryOptions, type ConfiguredRegistriesOptions } from './configured-registries.ts';
import type { IssuedCredential } from './issuer.ts';
import { probePull, type ProbedCredential, type ProbedRepository, type PullVerdict } from './probe-pull.ts';
import { registryRuntime, registrySettings } from './registries.ts';

export type ConfiguredProbeOptions = Omit<ConfiguredRegistriesOptions, 'authfile'> & {
  /** Where an entry names none: the one that a mirror writes or reads there. */
  repositoryOf?: (registry: string) => ProbedRepository | undefined;
};

/** Whether a registry lets one pull this image with that credential, or as nobody. @throws TransshipError as `probePull` */
export type ProbeImage = (
  image: Reference,
  credential: ProbedCredential | undefined,
  signal?: AbortSignal,
) => Promise<PullVerdict>;

/** Shorter than those of a copy: many credentials are tried, and what a probe does not learn now it learns at the next run. */
const TIMEOUTS = { connectMs: 5_000, responseMs: 10_000 };

/** Opens a connection for each probe, and sends nothing but the credential that is tried. */
export function openPullProbe(registries: Config['registries'], options: ConfiguredProbeOptions) {
  const placeOf = places(registries, options);
  return (registry: string, credential: IssuedCredential, signal?: AbortSignal): Promise<PullVerdict> => {
    const { entry, ...place } = placeOf(registry);
    const named = entry?.probe === undefined ? undefined : readProbe(entry.host, entry.probe);
    const origin = `the entry registries: ${entry?.host ?? registry} of the configuration`;
    return probePull({ ...place, origin, repository: named ?? options.repositoryOf?.(registry) }, credential, signal);
  };
}

/** The same for one image that somebody asks about. */
export function openImageProbe(registries: Config['registries'], options: ConfiguredProbeOptions): ProbeImage {
  const placeOf = places(registries, options);
  return ({ registry, repository, tag, digest = tag }, credential, signal) => {
    const { settings, runtime } = placeOf(registry);
    const probed = { repository, ...(digest === undefined ? {} : { tag: digest }) };
    const origin = 'the pull Secrets of the ServiceAccount';
    return probePull({ settings, runtime, origin, repository: probed }, credential, signal);
  };
}

function places(registries: Config['registries'], options: ConfiguredProbeOptions) {
  const known = new Map(registries.flatMap((entry) => [entry.host, ...entry.aliases].map((name) => [name, entry])));
  const nobody = () => Promise.resolve(anonymous);
  const runtime = registryRuntime({ ...options, timeouts: { ...TIMEOUTS, ...options.timeouts } });
  return (registry: string) => {
    const entry = known.get(registry);
    const place = entry === undefined ? { host: registry } : registryOptions(entry, options, nobody);
    return { entry, settings: registrySettings(place, { ...options, credentials: nobody }), runtime };
  };
}

/** `team/app`, or `team/app:1.0`. @throws TransshipError invalid-reference */
function readProbe(host: string, probe: string): ProbedRepository {
  const { repository, tag } = parseReference(`${host}/${probe}`);
  return probe.includes(':') && tag !== undefined ? { repository, tag } : { repository };
}
