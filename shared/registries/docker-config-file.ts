// Reads one credential file (Docker's config.json or containers' auth.json) and checks its outline. What an entry says is read only
// when a request needs it, so that a mistake in one entry does not get in the way of the others. Its text never reaches a message.
import { readFile } from 'node:fs/promises';
import { TransshipError, messageOf } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { CredentialFile } from './docker-config-locations.ts';
import { jsonErrorPosition } from './json-position.ts';

export type DockerConfig = {
  path: string;
  /** Entries as they stand in the file, by their keys as they stand there. */
  auths: ReadonlyMap<string, unknown>;
  /** Names of helper programs by key. */
  credHelpers: ReadonlyMap<string, string>;
  credsStore?: string;
};

/**
 * The content of a credential file; undefined if there is none and nobody asked for it by name.
 * @throws TransshipError invalid-credential-file
 */
export async function readDockerConfig(file: CredentialFile): Promise<DockerConfig | undefined> {
  const text = await readText(file);
  return text === undefined ? undefined : parseDockerConfig(file.path, text);
}

/** The error for a mistake in a credential file; `where` is a key path in it. */
export function invalidCredentialFile(path: string, problem: string, hint: string, where?: string): TransshipError {
  const place = where === undefined ? path : `${path}: ${where}`;
  return new TransshipError('invalid-credential-file', `credential file ${printable(place)}: ${problem}`, {
    hint,
    details: { operation: 'read credentials', file: path },
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readText({ path, askedBy }: CredentialFile): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      const reason = typeof code === 'string' ? code : messageOf(error);
      const problem = code === 'EISDIR' ? 'is a folder' : `cannot be read (${reason})`;
      throw invalidCredentialFile(path, problem, 'name a JSON file that this user may read');
    }
    if (askedBy === undefined) return undefined;
    throw invalidCredentialFile(path, `does not exist, but ${askedBy} names it`, `correct ${askedBy} or leave it out`);
  }
}

function parseDockerConfig(path: string, text: string): DockerConfig {
  // Docker takes an empty file for an empty configuration.
  const content = text.trim() === '' ? {} : parseJson(path, text);
  if (!isRecord(content)) throw invalidCredentialFile(path, 'is not a JSON object', 'begin it with {"auths": {…}}');
  const { credsStore } = content;
  if (credsStore !== undefined && credsStore !== null && typeof credsStore !== 'string') {
    throw invalidCredentialFile(path, 'must be a string', 'name a helper program, like "desktop"', 'credsStore');
  }
  return {
    path,
    auths: new Map(Object.entries(section(path, content, 'auths'))),
    credHelpers: new Map(helperNames(path, section(path, content, 'credHelpers'))),
    ...(typeof credsStore === 'string' && credsStore !== '' ? { credsStore } : {}),
  };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, so it is not passed on, not even as the cause.
    const { line, column } = jsonErrorPosition(text);
    throw invalidCredentialFile(
      path,
      `is not valid JSON (line ${line}, column ${column})`,
      'mend it there, or log in again to have it written anew',
    );
  }
}

function section(path: string, content: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = content[name] ?? {};
  if (isRecord(value)) return value;
  throw invalidCredentialFile(path, 'must be an object', `write "${name}": {"registry.example.com": …}`, name);
}

function* helperNames(path: string, helpers: Record<string, unknown>): Iterable<[string, string]> {
  for (const [key, name] of Object.entries(helpers)) {
    if (typeof name !== 'string') {
      throw invalidCredentialFile(
        path,
        'must be a string',
        'name a helper program, like "ecr-login"',
        `credHelpers["${key}"]`,
      );
    }
    yield [key, name];
  }
}
