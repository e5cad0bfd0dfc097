// The change that makes a ServiceAccount refer to pull Secrets: as a JSON Patch, which alone leaves the entries of others and their order
// as they are. https://www.rfc-editor.org/rfc/rfc6902
import { isRecord } from '../fields.ts';

export type JsonPatch = readonly { op: 'add'; path: string; value: unknown }[];

/** Adds the names that are missing, at the end; empty where all are there. */
export function pullSecretsPatch(
  serviceAccount: Readonly<Record<string, unknown>>,
  names: readonly string[],
): JsonPatch {
  const { imagePullSecrets: listed } = serviceAccount;
  const known = new Set(
    Array.isArray(listed) ? listed.map((entry: unknown) => (isRecord(entry) ? entry['name'] : undefined)) : [],
  );
  const missing = [...new Set(names)].filter((name) => !known.has(name)).map((name) => ({ name }));
  if (missing.length === 0) return [];
  if (!Array.isArray(listed)) return [{ op: 'add', path: '/imagePullSecrets', value: missing }];
  return missing.map((value) => ({ op: 'add', path: '/imagePullSecrets/-', value }));
}
