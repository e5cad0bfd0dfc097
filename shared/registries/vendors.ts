// The table of vendors, and the choice of one for a host. Hosts are compared whole: a look-alike is just an unknown registry.
import { TransshipError } from '../errors.ts';
import { acr } from './acr.ts';
import { acp, acpV2 } from './alauda.ts';
import { artifactRegistry } from './artifact-registry.ts';
import { artifactory } from './artifactory.ts';
import { distribution } from './distribution.ts';
import { dockerHub } from './docker-hub.ts';
import { ecrPublic } from './ecr-public.ts';
import { ecr } from './ecr.ts';
import { ghcr } from './ghcr.ts';
import { gitlab } from './gitlab.ts';
import { harbor } from './harbor.ts';
import { openshift } from './openshift.ts';
import { quay } from './quay.ts';
import type { Vendor } from './vendor.ts';

export const vendors: readonly Vendor[] = [
  dockerHub,
  ghcr,
  quay,
  harbor,
  gitlab,
  ecr,
  ecrPublic,
  artifactRegistry,
  acr,
  artifactory,
  openshift,
  acp,
  acpV2,
  distribution,
];

/**
 * The vendor of a registry `host[:port]`, or the one named by `kind`; plain distribution where neither tells.
 * @throws TransshipError invalid-config for an unknown kind
 */
export function vendorOf(host: string, kind?: string): Vendor {
  const bareHost = host.toLowerCase().replace(/:443$/, '');
  const vendor = kind === undefined ? vendors.find((each) => each.matchesHost(bareHost)) : named(kind);
  return vendor?.at?.(bareHost) ?? vendor ?? distribution;
}

function named(kind: string): Vendor {
  const vendor = vendors.find((each) => each.kind === kind);
  if (vendor !== undefined) return vendor;
  throw new TransshipError('invalid-config', `unknown kind of registry "${kind}"`, {
    hint: `use one of: ${vendors.map((each) => each.kind).join(', ')}`,
  });
}
