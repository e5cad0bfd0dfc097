// Everything beyond this process that its functions work with, opened and closed together.
import type { Deps } from '../../functions/deps.ts';
import type { ProbeImage } from '../../shared/registries/configured-probe.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import type { OpenClusters } from './open-clusters.ts';

export type Connections = {
  registries: Registries;
  clusters: OpenClusters;
  grantBackends: ReturnType<Deps['grantBackends']>;
  issuers: ReturnType<Deps['issuers']>;
  probePull: ReturnType<Deps['probePull']>;
  probeImage: ProbeImage;
  close(): Promise<void>;
};
