// Resolves references to secrets and certificates. What needs a cluster or a cloud is asked for by functions that the host hands in.
import { readFile } from 'node:fs/promises';
import { messageOf, TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { SecretReference } from './config.ts';

type Inner<Key extends string> = Extract<SecretReference, Record<Key, unknown>>[Key];

/** Where secrets can come from in this process. */
export type SecretSources = {
  env: NodeJS.ProcessEnv;
  kubernetesSecret?: (reference: Inner<'kubernetesSecret'>) => Promise<string>;
  awsSecret?: (reference: Inner<'awsSecret'>) => Promise<string>;
  awsParameter?: (reference: Inner<'awsParameter'>) => Promise<string>;
};

/** The secret behind a reference, read anew at each call. @throws TransshipError invalid-config */
export async function resolveSecret(reference: SecretReference, sources: SecretSources): Promise<Secret> {
  const value = await read(reference, sources);
  if (value === '') throw refused(`${nameOf(reference)} is empty`, 'put the secret there');
  return new Secret(value);
}

function read(reference: SecretReference, sources: SecretSources): Promise<string> {
  if ('env' in reference) return fromEnvironment(reference.env, sources.env);
  if ('file' in reference) return fromFile(reference.file);
  if ('kubernetesSecret' in reference) {
    return sources.kubernetesSecret?.(reference.kubernetesSecret) ?? unreachable(reference, 'a Kubernetes cluster');
  }
  const answer =
    'awsSecret' in reference
      ? sources.awsSecret?.(reference.awsSecret)
      : sources.awsParameter?.(reference.awsParameter);
  return answer ?? unreachable(reference, 'AWS');
}

function unreachable(reference: SecretReference, where: string): never {
  throw refused(
    `${nameOf(reference)} can't be read here`,
    `run it in ${where}, or use { env: NAME } or { file: PATH }`,
  );
}

async function fromEnvironment(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const value = env[name];
  if (value === undefined) throw refused(`the environment variable ${name} is not set`, `set ${name} to the secret`);
  return Promise.resolve(value);
}

async function fromFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refused(
      `the secret in ${file} can't be read: ${messageOf(error)}`,
      'check the name and the rights of the file',
    );
  });
  return text.replace(/\r?\n$/, '');
}

function nameOf(reference: SecretReference): string {
  if ('env' in reference) return `the environment variable ${reference.env}`;
  if ('file' in reference) return `the file ${reference.file}`;
  if ('awsSecret' in reference) return `the AWS secret ${reference.awsSecret.id}`;
  if ('awsParameter' in reference) return `the AWS parameter ${reference.awsParameter.name}`;
  const { namespace, name, key } = reference.kubernetesSecret;
  return `the key ${key} of Secret ${namespace}/${name}`;
}

function refused(message: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', message, { hint });
}
