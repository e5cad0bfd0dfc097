// The `creds` of a regsync.yml as registries, and regsync's templates as variables. Secrets are never carried over as text.
import type { ConfigPath } from '../config-node.ts';
import {
  passwordVariable,
  textAt,
  valueAt,
  warn,
  warnOfOthers,
  type Importing,
  type RegistryInput,
} from './imported.ts';

const KNOWN = ['registry', 'user', 'pass', 'tls', 'reqPerSec', 'reqConcurrent', 'pathPrefix', 'credHelper', 'repoAuth'];
const VARIABLE = /\{\{-?\s*env\s+["`](\w+)["`]\s*-?\}\}/g;
const FILE = /^\{\{-?\s*file\s+["`]([^"`]+)["`]\s*-?\}\}$/;

export function importCredentials(importing: Importing): Record<string, RegistryInput> {
  const registries: Record<string, RegistryInput> = {};
  const creds = valueAt(importing.root, ['creds']);
  for (const index of Array.isArray(creds) ? creds.keys() : []) {
    const path: ConfigPath = ['creds', index];
    const host = withVariables(importing, [...path, 'registry']);
    if (host === undefined) continue;
    warnOfOthers(importing, path, KNOWN);
    registries[host] = importRegistry(importing, path, host);
  }
  return registries;
}

function importRegistry(importing: Importing, path: ConfigPath, host: string): RegistryInput {
  const { root } = importing;
  const username = withVariables(importing, [...path, 'user']);
  const helper = textAt(root, [...path, 'credHelper'])?.replace(/^docker-credential-/, '');
  const pathPrefix = textAt(root, [...path, 'pathPrefix']);
  const tls = textAt(root, [...path, 'tls']);
  if (tls === 'insecure') {
    warn(importing, [...path, 'tls'], 'certificates are always checked', 'name the authority: ca: { file: ./ca.pem }');
  }
  const limits = {
    ...numberAt(importing, path, 'reqPerSec', 'requestsPerSecond'),
    ...numberAt(importing, path, 'reqConcurrent', 'concurrency'),
  };
  return {
    ...(username === undefined ? {} : { credential: { username, password: passwordOf(importing, path, host) } }),
    ...(username === undefined && helper !== undefined ? { credential: { helper } } : {}),
    ...(tls === 'disabled' ? { plainHttp: true } : {}),
    ...(pathPrefix === undefined ? {} : { pathPrefix: `/${pathPrefix.replaceAll(/^\/+|\/+$/g, '')}` }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function passwordOf(importing: Importing, path: ConfigPath, host: string): { env: string } | { file: string } {
  const place = [...path, 'pass'];
  const text = textAt(importing.root, place) ?? '';
  const file = FILE.exec(text)?.[1];
  if (file !== undefined) return { file };
  const [variable] = [...text.matchAll(VARIABLE)];
  if (variable?.[1] !== undefined && variable[0] === text) return { env: variable[1] };
  const env = passwordVariable(host);
  warn(
    importing,
    place,
    'the password is not carried over',
    `put it into the environment variable ${env}, or use { file: PATH }`,
  );
  return { env };
}

function numberAt({ root }: Importing, path: ConfigPath, key: string, name: 'requestsPerSecond' | 'concurrency') {
  const value = valueAt(root, [...path, key]);
  return typeof value === 'number' && value > 0 ? { [name]: value } : {};
}

/** The text at the path with `{{env "NAME"}}` as `${NAME}`; warns of other templates. */
export function withVariables(importing: Importing, path: ConfigPath): string | undefined {
  const text = textAt(importing.root, path);
  if (text === undefined) return undefined;
  const replaced = text.replaceAll('${', () => '$${').replaceAll(VARIABLE, (_, name: string) => `\${${name}}`);
  if (replaced.includes('{{'))
    warn(importing, path, 'the template is not carried over', 'write the result of it by hand');
  return replaced;
}
