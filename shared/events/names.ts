// Checks the names in a payload by the grammar of references. A wrong one is null: it is a hint that is not there.
import { isDigest } from '../oci/digest.ts';
import { parseReference, parseRepository } from '../oci/reference.ts';

const MAX_HOST_LENGTH = 255;
const MAX_MEDIA_TYPE_LENGTH = 255;
const SINGLE_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// https://datatracker.ietf.org/doc/html/rfc6838#section-4.2, parameters allowed
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}(?:\s*;.*)?$/i;
const ANY_REGISTRY = 'registry.invalid';

/** The host with its port in lower case; Docker Hub's names are all `docker.io`. */
export function hostOrNull(value: string | null): string | null {
  if (value === null || value.length > MAX_HOST_LENGTH || value.includes('/')) return null;
  const host = lowerAscii(value);
  if (SINGLE_LABEL.test(host)) return host;
  return orNull(() => parseRepository(`${host}/any`).registry);
}

/** The repository in lower case. */
export function repositoryOrNull(value: string | null): string | null {
  if (value === null) return null;
  return orNull(() => parseRepository(`${ANY_REGISTRY}/${lowerAscii(value)}`).repository);
}

export function tagOrNull(value: string | null): string | null {
  if (value === null) return null;
  const tag = orNull(() => parseReference(`${ANY_REGISTRY}/any:${value}`).tag ?? null);
  return tag === value ? tag : null;
}

export function digestOrNull(value: string | null): string | null {
  return value !== null && isDigest(value) ? value : null;
}

export function mediaTypeOrNull(value: string | null): string | null {
  return value !== null && value.length <= MAX_MEDIA_TYPE_LENGTH && MEDIA_TYPE.test(value) ? value : null;
}

/** Lower case for A to Z only: `toLowerCase` makes letters of the alphabet out of some that are none (U+212A is "k"). */
export function lowerAscii(value: string): string {
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
