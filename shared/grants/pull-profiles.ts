// The registries inside of clusters whose question to the API server is known.
import type { PullProfile } from './pull-profile.ts';

const PULLER = 'system:image-puller';

export const PULL_PROFILES = {
  /** https://docs.alauda.io/container_platform/4.0/developer/registry/how_to/use_registry_within_cluster.html */
  acp: {
    name: 'acp',
    group: 'registry.alauda.io',
    resource: 'images',
    verb: 'get',
    joinedForm: false,
    nameFrom: 'none',
    clusterRole: PULLER,
    expectServed: true,
  },
  'acp-v2': {
    name: 'acp-v2',
    group: 'image.alauda.io',
    resource: 'imagestreams/layers',
    verb: 'get',
    pushVerb: 'update',
    joinedForm: true,
    nameFrom: 'image',
    clusterRole: PULLER,
    expectServed: true,
  },
  /** https://github.com/openshift/image-registry/blob/master/pkg/dockerregistry/server/auth.go */
  openshift: {
    name: 'openshift',
    group: 'image.openshift.io',
    resource: 'imagestreams/layers',
    verb: 'get',
    pushVerb: 'update',
    joinedForm: true,
    nameFrom: 'image',
    clusterRole: PULLER,
    expectServed: true,
  },
} satisfies Record<string, PullProfile>;

type ProfileConfig = keyof typeof PULL_PROFILES | { custom: Omit<PullProfile, 'name'> };

/** As `clusters[].registries` names it. */
export function profileAt(profile: ProfileConfig): PullProfile {
  return typeof profile === 'string' ? PULL_PROFILES[profile] : { name: 'custom', ...profile.custom };
}
