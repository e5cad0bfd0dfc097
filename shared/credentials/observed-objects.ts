// Objects of the API as the distribution sees them. What a Secret holds becomes a `Secret` here and leaves it only for its cluster.
import type { ApiObject } from '../cluster/cluster.ts';
import {
  fieldOf,
  isObject,
  readObject,
  readObjects,
  readText,
  readTexts,
  requireText,
} from '../cluster/json-fields.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ObservedSecret, ObservedServiceAccount, SecretContent } from './observed.ts';

export type NamespaceHead = {
  name: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  isTerminating: boolean;
};

const CONFIG_KEY = '.dockerconfigjson';

/** Of the whole object or its metadata. @throws TransshipError invalid-response */
export function toNamespace(object: ApiObject): NamespaceHead {
  const metadata = metadataOf(object);
  const phase = readText(readObject(object, 'status') ?? {}, 'phase');
  return {
    name: requireText(metadata, 'name'),
    uid: requireText(metadata, 'uid'),
    labels: readTexts(metadata, 'labels'),
    isTerminating: fieldOf(metadata, 'deletionTimestamp') !== undefined || phase === 'Terminating',
  };
}

/** @throws TransshipError invalid-response */
export function toServiceAccount(object: ApiObject): ObservedServiceAccount {
  const metadata = metadataOf(object);
  return {
    name: requireText(metadata, 'name'),
    uid: requireText(metadata, 'uid'),
    resourceVersion: requireText(metadata, 'resourceVersion'),
    labels: readTexts(metadata, 'labels'),
    imagePullSecrets: readObjects(object, 'imagePullSecrets').map((one) => readText(one, 'name') ?? ''),
  };
}

/** Without its content, whatever there is of it. @throws TransshipError invalid-response */
export function toSecretHead(object: ApiObject): ObservedSecret {
  const metadata = metadataOf(object);
  return {
    name: requireText(metadata, 'name'),
    uid: requireText(metadata, 'uid'),
    resourceVersion: requireText(metadata, 'resourceVersion'),
    labels: readTexts(metadata, 'labels'),
    annotations: readTexts(metadata, 'annotations'),
  };
}

/** @throws TransshipError invalid-response */
export function toSecret(object: ApiObject): ObservedSecret {
  return { ...toSecretHead(object), content: contentOf(object) };
}

function contentOf(object: ApiObject): SecretContent {
  const text = readText(readObject(object, 'data') ?? {}, CONFIG_KEY);
  return {
    // The API server leaves it out of none; https://kubernetes.io/docs/concepts/configuration/secret/#secret-types
    type: readText(object, 'type') ?? 'Opaque',
    isImmutable: fieldOf(object, 'immutable') === true,
    ...(text === undefined ? {} : { dockerConfig: new Secret(Buffer.from(text, 'base64').toString('utf8')) }),
  };
}

/** Of an object's place: a list of all namespaces needs to tell them apart. @throws TransshipError invalid-response */
export function namespaceOf(object: ApiObject): string {
  return requireText(metadataOf(object), 'namespace');
}

function metadataOf(object: ApiObject): ApiObject {
  const metadata = fieldOf(object, 'metadata');
  return isObject(metadata) ? metadata : {};
}
