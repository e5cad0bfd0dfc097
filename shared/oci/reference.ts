// References: turns what people write ("alpine", "localhost:5000/app@sha256:…") into registry, repository, tag and digest, and back.
// It knows the names of Docker Hub, but no credentials, no API hosts and no network.
// https://github.com/distribution/reference/blob/main/reference.go
import { isIPv6 } from 'node:net';
import { isTransshipError, TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { parseDigest } from './digest.ts';

/** A canonical name of content; with both tag and digest, the digest decides. */
export type Reference = { registry: string; repository: string; tag?: string; digest?: string };
export type Repository = { registry: string; repository: string };

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_NAMES = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);
const MAX_REPOSITORY_LENGTH = 255;
const MAX_TAG_LENGTH = 128;
const MAX_TEXT_LENGTH = 1024;
/** Names of registries that were right: the same few come all the time, and to check one takes longer than all the rest. */
const canonicalNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 256;

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
// Prefixes of skopeo and crane for places that are no registries. "docker:" is not among them: docker:dind is an image on Docker Hub.
const TRANSPORT = /^(?:oci|oci-archive|dir|docker-archive|docker-daemon|containers-storage|tarball|ostree|sif):/;
const HOST = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/;
// What tells a digest after "@", however wrong, from a host after "user:password@".
const DIGEST_START = /^(?:sha[0-9]+:|$)/i;
const NAME_RULE =
  'a repository name has lower-case letters and digits, with ".", "_", "__" or "-" between them, and "/" between its parts';

/** Reads a reference as Docker does: Docker Hub is the default registry, `latest` the default tag. @throws TransshipError invalid-reference */
export function parseReference(text: string): Reference {
  refuseForeignForms(text);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : readDigest(text, text.slice(at + 1));
  const name = at < 0 ? text : text.slice(0, at);
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  const tag = tagged ? readTag(text, name.slice(colon + 1)) : undefined;
  const repository = readRepository(text, tagged ? name.slice(0, colon) : name);
  if (digest === undefined) return { ...repository, tag: tag ?? 'latest' };
  return tag === undefined ? { ...repository, digest } : { ...repository, tag, digest };
}

/** Reads a repository: a reference with neither tag nor digest. @throws TransshipError invalid-reference */
export function parseRepository(text: string): Repository {
  refuseForeignForms(text);
  const at = text.indexOf('@');
  if (at >= 0) throw invalid(text, 'a repository has no digest', `leave out "${printable(text.slice(at))}"`);
  const colon = text.lastIndexOf(':');
  if (colon > text.lastIndexOf('/')) {
    throw invalid(
      text,
      'a repository has no tag',
      `leave out "${printable(text.slice(colon))}", or add "/" and a repository if it is a port`,
    );
  }
  return readRepository(text, text);
}

/** The canonical text: registry and repository in full, tag and digest as far as they are there. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** The same repository with another tag or digest, and only that. */
export function referenceWith(reference: Repository, selector: { tag: string } | { digest: string }): Reference {
  return { registry: reference.registry, repository: reference.repository, ...selector };
}

/** True for a tag by the grammar; what a registry sent is none before this was asked. */
export function isTag(text: string): boolean {
  return text.length <= MAX_TAG_LENGTH && TAG.test(text);
}

function refuseForeignForms(text: string): void {
  if (text === '') throw invalid(text, 'it is empty', 'write it like alpine:3.20 or registry.example.com/team/app:1.0');
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalid(text, `it is longer than ${MAX_TEXT_LENGTH} characters`, 'shorten it');
  }
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined) {
    const rest = withoutUser(text.slice(scheme.length)).replace(/\/+$/, '');
    throw invalid(
      text,
      `"${printable(scheme)}" is not part of a reference`,
      `write it without the scheme: ${printable(rest) || 'registry.example.com/team/app:1.0'}`,
    );
  }
  const transport = TRANSPORT.exec(text)?.[0];
  if (transport !== undefined) {
    throw invalid(
      text,
      `"${transport}" names a place that is not a registry`,
      'name a registry and a repository, like localhost:5000/team/app:1.0',
    );
  }
  const stray = /[^\x21-\x7e]/u.exec(text)?.[0];
  if (stray === undefined) return;
  const space = /\s/u.test(stray);
  throw invalid(
    text,
    `it has ${describeCharacter(stray)}`,
    space ? 'remove the white space' : 'use plain ASCII letters, digits and . _ - / : @ only',
  );
}

function readRepository(text: string, name: string): Repository {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = first === 'localhost' || /[.:A-Z]/.test(first);
  const registry = isHost ? readRegistry(text, first) : DOCKER_HUB;
  const path = isHost ? name.slice(slash + 1) : name;
  checkPath(text, path);
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw invalid(text, 'it is a bare digest without a repository', `write repository@sha256:${name}`);
  }
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    throw invalid(text, `the repository name is longer than ${MAX_REPOSITORY_LENGTH} characters`, 'shorten the name');
  }
  return { registry, repository };
}

function readRegistry(text: string, first: string): string {
  const known = canonicalNames.get(first);
  if (known !== undefined) return known;
  const canonical = checkRegistry(text, first);
  if (canonicalNames.size >= MAX_KNOWN_NAMES) canonicalNames.clear();
  canonicalNames.set(first, canonical);
  return canonical;
}

function checkRegistry(text: string, first: string): string {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(first) ?? [];
  const shown = `"${printable(first)}"`;
  const known = host.startsWith('[') ? isIPv6(host.slice(1, -1)) && /^\[[0-9a-f:]+\]$/i.test(host) : HOST.test(host);
  // WHATWG URLs refuse some names that the grammar allows ("1.2.3.256", "name.0"): they could never be reached.
  if (!known || !URL.canParse(`https://${host}/`)) {
    throw invalid(
      text,
      `registry ${shown} is not a host name or address`,
      'write the registry as host, host:port or [IPv6]:port, without user name',
    );
  }
  if (port !== undefined && !(/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535)) {
    throw invalid(
      text,
      `port "${printable(port)}" of registry ${shown} is not a number from 1 to 65535`,
      `write the port as in ${printable(host)}:5000`,
    );
  }
  // Host names know no case. A name without dot and port keeps its capitals: they alone tell that it is a registry.
  const canonical = /[.:]/.test(first) || first.toLowerCase() === 'localhost' ? first.toLowerCase() : first;
  return DOCKER_HUB_NAMES.has(canonical) ? DOCKER_HUB : canonical;
}

function checkPath(text: string, path: string): void {
  if (path === '') throw invalid(text, 'the repository is missing', NAME_RULE);
  for (const component of path.split('/')) {
    if (PATH_COMPONENT.test(component)) continue;
    if (component === '')
      throw invalid(text, 'a "/" too many in the repository', `write it without the extra "/"; ${NAME_RULE}`);
    if (PATH_COMPONENT.test(component.toLowerCase())) {
      throw invalid(
        text,
        `repository "${path}" has upper-case letters`,
        `repository names are lower case: try ${path.toLowerCase()}`,
      );
    }
    throw invalid(text, `"${component}" in the repository is not a valid name`, NAME_RULE);
  }
}

function readTag(text: string, tag: string): string {
  if (tag === '') throw invalid(text, 'the tag after ":" is missing', 'write a tag after ":" or leave ":" out');
  if (tag.length > MAX_TAG_LENGTH) {
    throw invalid(text, `the tag is longer than ${MAX_TAG_LENGTH} characters`, 'shorten the tag');
  }
  if (TAG.test(tag)) return tag;
  throw invalid(
    text,
    `"${tag}" is not a valid tag`,
    'a tag has letters, digits, "_", "." and "-", and does not begin with "." or "-"',
  );
}

function readDigest(text: string, digest: string): string {
  if (digest === '') {
    throw invalid(
      text,
      'the digest after "@" is missing',
      'write @sha256:… with 64 hexadecimal digits, or leave "@" out',
    );
  }
  if (/[/@]/.test(digest) && !DIGEST_START.test(digest)) {
    throw invalid(
      text,
      'a user name before "@"',
      'write it without user name and password, and log in with docker login',
    );
  }
  try {
    parseDigest(digest);
    return digest;
  } catch (error) {
    if (!isTransshipError(error, 'invalid-digest')) throw error;
    throw invalid(text, error.message, error.hint ?? '');
  }
}

function invalid(text: string, reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-reference', `invalid reference "${printable(withoutUser(text))}": ${reason}`, {
    hint,
  });
}

/** Drops what looks like `user:password@` before a host, so that it is not shown. */
function withoutUser(text: string): string {
  const at = text.lastIndexOf('@');
  return at >= 0 && !DIGEST_START.test(text.slice(at + 1)) ? `…${text.slice(at)}` : text;
}

function describeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /\s/u.test(character) ? `white space (U+${code})` : `the character "${printable(character)}" (U+${code})`;
}
