// The registries inside of an Alauda Container Platform (ACP): CNCF distribution with a token server that asks the API server who may
// pull. A release renamed the Service, and both names may be in use; the next generation of the registry has its own.
// https://docs.alauda.io/container_platform/4.0/developer/registry/how_to/use_registry_within_cluster.html
import { distribution } from './distribution.ts';
import { serviceNames } from './service-names.ts';
import type { Vendor } from './vendor.ts';

const SERVICES = [
  { name: 'internal-docker-registry', namespace: 'cpaas-system' },
  { name: 'image-registry', namespace: 'cpaas-system' },
];
const SERVICES_V2 = [{ name: 'image-registry', namespace: 'image-registry-system', port: 5000 }];

export const acp: Vendor = {
  kind: 'acp',
  matchesHost: (host) => serviceNames(host, SERVICES).length > 0,
  otherNames: (host) => serviceNames(host, SERVICES),
  traits: distribution.traits,
};

export const acpV2: Vendor = {
  kind: 'acp-v2',
  matchesHost: (host) => serviceNames(host, SERVICES_V2).length > 0,
  otherNames: (host) => serviceNames(host, SERVICES_V2),
  traits: distribution.traits,
};
