// Secrets of the configuration as what needs them later takes them: with a name for people, and read anew each time.
import type { SecretReference } from '../config/config.ts';
import type { SecretSource } from '../identity/secret-source.ts';
import type { ReadSecret } from './connection-material.ts';

export function secretSource(reference: SecretReference, read: ReadSecret): SecretSource {
  return { name: nameOf(reference), read: () => read(reference) };
}

function nameOf(reference: SecretReference): string {
  if ('env' in reference) return `the environment variable ${reference.env}`;
  if ('file' in reference) return `the file ${reference.file}`;
  if ('awsSecret' in reference) {
    const { id, key } = reference.awsSecret;
    return `the AWS secret ${id}${key === undefined ? '' : ` (${key})`}`;
  }
  if ('awsParameter' in reference) return `the AWS parameter ${reference.awsParameter.name}`;
  const { namespace, name, key } = reference.kubernetesSecret;
  return `the key ${key} of Secret ${namespace}/${name}`;
}
