// The grammars of repository names, tags and digests. Written apart from shared/oci on purpose: the registry that tests the client must not share its mistakes.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
import { refusal } from './reply.ts';

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

export type Algorithm = 'sha256' | 'sha512';

function isRepository(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The hash algorithm of a valid digest. */
export function algorithmOf(digest: string): Algorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** Answers 400 NAME_INVALID for a name outside the grammar. */
export function checkRepository(name: string): void {
  if (!isRepository(name)) throw refusal(400, 'NAME_INVALID', `invalid repository name "${name}"`);
}

/** Answers 400 DIGEST_INVALID for anything but a sha256 or sha512 digest in lower-case hex. */
export function checkDigest(digest: string | null): string {
  if (digest === null || !isDigest(digest)) {
    throw refusal(400, 'DIGEST_INVALID', digest === null ? 'a digest is required' : `invalid digest "${digest}"`);
  }
  return digest;
}
