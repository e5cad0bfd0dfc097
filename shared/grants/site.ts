// Where grants become entries: one registry with its own means, or one cluster whose RoleBindings its registries obey.
import type { PullProfile } from './pull-profile.ts';

export type BackendKind =
  | 'kubernetes'
  | 'ecr'
  | 'artifact-registry'
  | 'acr'
  | 'harbor'
  | 'quay'
  | 'gitlab'
  /** It offers no interface for grants: they are told to people, and tried. */
  | 'ghcr'
  /** A registry without any means of its own that is not tied to a cluster. */
  | 'none';

export type Site = {
  backend: BackendKind;
  /** Of the registry as references name it; of kubernetes the cluster's name. */
  host: string;
  /** Kubernetes: the profile of each registry whose pulls this cluster decides, by host. */
  profiles: ReadonlyMap<string, PullProfile>;
};

/** Entries that are read and written together: the RoleBindings of a namespace, the policy of a repository. */
export type Target = {
  backend: BackendKind;
  host: string;
  /** A namespace, a repository, a project; empty for the registry as a whole. */
  place: string;
};

export function siteKey({ backend, host }: Pick<Site, 'backend' | 'host'>): string {
  return `${backend}:${host}`;
}

/** Unique: no host or cluster has a slash in its name. */
export function targetKey({ backend, host, place }: Target): string {
  return `${backend}:${host}/${place}`;
}

/** What has to be known of a site before it can be said what a grant is there. */
export type Survey = {
  /** Of a cluster, by name. */
  namespaces?: ReadonlyMap<string, SurveyedNamespace>;
  /** Of a registry, where patterns have to be spelled out. */
  repositories?: readonly string[];
  /** What else the back end has to know: the mode of an Azure registry. */
  facts?: Readonly<Record<string, string>>;
};

export type SurveyedNamespace = { uid: string; labels: Readonly<Record<string, string>>; isTerminating: boolean };
