// The content of a pull Secret: written as kubectl writes it, read as the kubelet reads it.
// https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { decodeEntry, field, isRecord, type AuthEntry } from './auth-entry.ts';
import { goString } from './go-json.ts';
import { keyringKey, keyStandsFor, keyText } from './keyring-key.ts';
import { pulledRepository } from './pulled-repository.ts';

export type DockerConfigEntry = { host: string; username: string; password: string; email?: string };

/** The key under which the kubelet finds Docker Hub's credential when no other key stands for the image. */
const HUB_FALLBACK = 'index.docker.io';

/**
 * The `.dockerconfigjson` that `kubectl create secret docker-registry` makes of the same input, byte for byte; several hosts in the order
 * of their names. Line ends after a password are not taken for part of it.
 * @throws TransshipError invalid-config: an empty host or user, a control character, two credentials for one host
 */
export function buildDockerConfig(entries: readonly DockerConfigEntry[]): Uint8Array {
  const byHost = new Map<string, string>();
  for (const entry of entries) {
    const text = entryText(entry);
    const before = byHost.get(entry.host) ?? text;
    if (before !== text) throw refused(entry.host, 'has two credentials', 'leave one of them out');
    byHost.set(entry.host, text);
  }
  const members = [...byHost].toSorted(([left], [right]) => compareBytes(left, right));
  return Buffer.from(`{"auths":{${members.map(([host, text]) => `${goString(host)}:${text}`).join(',')}}}`);
}

/** The value of one host. @throws TransshipError invalid-config */
export function entryText({ host, username, password, email = '' }: DockerConfigEntry): string {
  const secret = password.replace(/[\r\n]+$/, '');
  if (host === '') throw refused(host, 'has no name', 'name the registry, like registry.example.com');
  if (username === '') {
    throw refused(host, 'has an empty user name', 'give it one: without it nodes pull anonymously, and say nothing');
  }
  for (const [what, text] of Object.entries({ host, 'user name': username, password: secret, email })) {
    if (!hasControlCharacter(text)) continue;
    throw refused(host, `has a control character in its ${what}`, 'see whether it was copied or decoded wrongly');
  }
  const auth = Buffer.from(`${username}:${secret}`).toString('base64');
  const fields = Object.entries({ username, password: secret, email, auth }).filter(([, text]) => text !== '');
  return `{${fields.map(([name, text]) => `"${name}":${goString(text)}`).join(',')}}`;
}

/** The order of Go's strings. */
export function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/**
 * The credential with which a node pulls the image first, when this is its Pod's only pull Secret; undefined where it pulls anonymously,
 * and where the Secret is so broken that it does not pull at all. Takes `.dockerconfigjson` and `.dockercfg`.
 * @throws TransshipError invalid-reference
 */
export function credentialFor(config: Uint8Array, image: string): { username: string; password: string } | undefined {
  const entries = readEntries(Buffer.from(config).toString('utf8'));
  const found = matching(entries ?? [], image).find(({ username }) => username !== '');
  return found === undefined ? undefined : { username: found.username, password: found.password };
}

/** All that the kubelet would try for the image, in its order; an entry without a user is an anonymous try. @throws TransshipError invalid-reference */
export function matching(entries: readonly AuthEntry[], image: string): AuthEntry[] {
  const pulled = pulledRepository(image);
  const known = entries.flatMap((entry) => {
    const key = keyringKey(entry.key);
    return key === undefined ? [] : [{ entry, key }];
  });
  const found = known
    .filter(({ key }) => keyStandsFor(key, pulled))
    .toSorted((left, right) => compareBytes(keyText(right.key), keyText(left.key)));
  if (found.length > 0 || !countsAsHub(pulled.host)) return found.map(({ entry }) => entry);
  return known.filter(({ key }) => keyText(key) === HUB_FALLBACK).map(({ entry }) => entry);
}

/** A registry without dot and port is Docker Hub to the kubelet: even `localhost`. */
function countsAsHub(host: string): boolean {
  return host === 'docker.io' || !/[.:]/.test(host);
}

/** The entries as the kubelet decodes them; undefined where it refuses the whole. */
export function readEntries(text: string): AuthEntry[] | undefined {
  const config = text === '' ? null : parseJson(text);
  if (config === null) return [];
  if (!isRecord(config)) return undefined;
  const isBare = !Object.keys(config).some((key) => key.toLowerCase() === 'auths');
  const auths = isBare ? config : (field(config, 'auths') ?? {});
  if (!isRecord(auths) || (!isBare && !areHeaders(field(config, 'httpheaders')))) return undefined;
  const entries: AuthEntry[] = [];
  for (const [key, value] of Object.entries(auths)) {
    const entry = decodeEntry(value);
    if (typeof entry === 'string') return undefined;
    entries.push({ key, ...entry });
  }
  return entries;
}

function areHeaders(value: unknown): boolean {
  if (value === undefined) return true;
  return isRecord(value) && Object.values(value).every((one) => one === null || typeof one === 'string');
}

function hasControlCharacter(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(host: string, problem: string, hint: string): TransshipError {
  const where = host === '' ? 'a registry' : `the credential of ${printable(host)}`;
  return new TransshipError('invalid-config', `${where} ${problem}`, { hint, details: { registry: host } });
}
