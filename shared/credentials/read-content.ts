// Whether the content of a Secret is one that we may write into, and what stands in it.
import type { Conflict } from './claim.ts';
import type { SecretContent } from './observed.ts';
import { NO_ENTRIES, parseEntries, type SecretEntries } from './secret-entries.ts';

export const PULL_SECRET_TYPE = 'kubernetes.io/dockerconfigjson';

export function readContent(
  name: string,
  { type, isImmutable, dockerConfig }: SecretContent,
): SecretEntries | Conflict {
  if (type !== PULL_SECRET_TYPE) {
    return {
      reason: 'wrong-type',
      message: `Secret ${name} has the type ${type}, and the type of a Secret cannot change`,
      hint: `delete it, or choose another secret.name: pull Secrets have the type ${PULL_SECRET_TYPE}`,
    };
  }
  if (isImmutable) {
    return {
      reason: 'immutable',
      message: `Secret ${name} is immutable: no credential in it can be renewed`,
      hint: 'delete it, or choose another secret.name; it is made anew without "immutable: true"',
    };
  }
  const text = dockerConfig?.reveal() ?? '';
  return text === '' ? NO_ENTRIES : (parseEntries(text) ?? unparsable(name));
}

function unparsable(name: string): Conflict {
  return {
    reason: 'unparsable',
    message: `Secret ${name} holds something that the kubelet cannot decode, so that no Pod with it pulls anything`,
    hint: 'see what is wrong with it by "transship credentials test", and mend or delete it',
  };
}
