// What it takes to say who may pull: clusters, what registries have for grants, and a way to try a credential.
import type { BackendFor } from '../../shared/grants/grants-run.ts';
import type { ProbeImage } from '../../shared/registries/configured-probe.ts';
import type { Clusters } from '../deps.ts';

export type PullMeans = { clusters: Clusters; grantBackends: BackendFor; probeImage: ProbeImage };
