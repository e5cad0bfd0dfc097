// Every reference to a secret in a configuration, with the place where it stands.
import { isRecord } from '../../../shared/identity/json-call.ts';

export type FoundReference = {
  /** As a person finds it: `registries.docker.io.credential.password`. */
  place: string;
  kind: 'env' | 'file' | 'kubernetesSecret' | 'awsSecret' | 'awsParameter';
  /** A name, an ARN or a path. */
  target: string;
};

const KINDS = ['env', 'file', 'kubernetesSecret', 'awsSecret', 'awsParameter'] as const;

// what users name there is theirs
const FREE_KEYS = new Set(['createRepository', 'oidc', 'selector', 'namespaceSelector', 'listen']);

/** @param effective the configuration in the form of the file */
export function secretReferencesIn(effective: unknown, place = ''): FoundReference[] {
  if (Array.isArray(effective)) {
    return effective.flatMap((item: unknown, index) => secretReferencesIn(item, `${place}[${nameOf(item) ?? index}]`));
  }
  if (!isRecord(effective)) return [];
  const kind = KINDS.find((one) => one in effective);
  const keys = Object.keys(effective);
  if (kind !== undefined && keys.length === 1) {
    return [{ place, kind, target: targetOf(effective[kind]) }];
  }
  return keys
    .filter((key) => !FREE_KEYS.has(key))
    .flatMap((key) => secretReferencesIn(effective[key], place === '' ? key : `${place}.${key}`));
}

function targetOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return '';
  const { id, namespace, name } = value;
  if (typeof id === 'string') return id;
  return [namespace, name].filter((part) => typeof part === 'string').join('/');
}

function nameOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const name = item['name'] ?? item['id'];
  return typeof name === 'string' ? name : undefined;
}
