// What a cluster holds now, as far as the distribution of credentials is concerned.
import type { Secret } from '../telemetry/secret.ts';

/** All of its Namespaces or a page of them: each is planned for itself. */
export type ObservedCluster = {
  /** As the configuration calls it. */
  name: string;
  namespaces: readonly ObservedNamespace[];
};

export type ObservedNamespace = {
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  isTerminating: boolean;
  /** By name: those that are ours, and those of the names that rules want. */
  secrets: ReadonlyMap<string, ObservedSecret>;
  /** Of the names that rules want: may not be read. Whether it is there, and whose, nobody knows. */
  unreadSecrets?: ReadonlySet<string>;
  serviceAccounts: readonly ObservedServiceAccount[];
};

export type ObservedSecret = {
  name: string;
  uid: string;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** Read only where it must be known (`neededCredentials` tells): absent for one whose marks say that it is as it should be. */
  content?: SecretContent;
};

export type SecretContent = {
  type: string;
  isImmutable: boolean;
  /** It has data under other keys: whoever's they are, they are not ours. */
  hasOtherKeys?: boolean;
  /** The decoded `.dockerconfigjson`, bytes that are no UTF-8 as U+FFFD; absent: the key is not there. */
  dockerConfig?: Secret;
};

export type ObservedServiceAccount = {
  name: string;
  uid: string;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  /** The names in `imagePullSecrets`, in their order. */
  imagePullSecrets: readonly string[];
};
