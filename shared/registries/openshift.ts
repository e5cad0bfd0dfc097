// The registry inside of an OpenShift cluster, a fork of CNCF distribution that asks the API server who may pull. Its route to the outside
// (`default-route-openshift-image-registry.apps.…`) has a name of the cluster's own: then by `kind: openshift`.
// https://docs.redhat.com/en/documentation/openshift_container_platform/4.17/html/registry/index
import { distribution } from './distribution.ts';
import { serviceNames } from './service-names.ts';
import type { Vendor } from './vendor.ts';

const SERVICES = [{ name: 'image-registry', namespace: 'openshift-image-registry', port: 5000 }];

export const openshift: Vendor = {
  kind: 'openshift',
  matchesHost: (host) => serviceNames(host, SERVICES).length > 0,
  otherNames: (host) => serviceNames(host, SERVICES),
  traits: distribution.traits,
};
