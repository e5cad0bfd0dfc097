// Tags that stand for a digest: the referrers fallback tag, and where cosign keeps signatures, attestations and SBOMs.
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { parseDigest } from './digest.ts';

// The OCI grammar of digests, wider than what Transship computes: its "+" and "=" are the characters a tag must not have.
const DIGEST = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/;
const MAX_TAG_LENGTH = 128;
// A fallback tag has no more than 64 characters of the hash, whichever it is.
const FALLBACK_TAG = /^sha(?:256|384|512)-[0-9a-f]{64}$/;
const SUBJECT = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/;
const COSIGN_TAG = /^sha256-[0-9a-f]{64}\.(?:sig|att|sbom)$/;

/**
 * The tag under which registries without a referrers API list the referrers of a digest.
 * @throws TransshipError invalid-digest
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
 */
export function fallbackTag(digest: string): string {
  const [, algorithm, encoded] = DIGEST.exec(digest) ?? [];
  if (algorithm === undefined || encoded === undefined) {
    throw new TransshipError('invalid-digest', `"${printable(digest, 160)}" is not a digest`, {
      hint: 'a digest is an algorithm, ":" and its encoded hash',
    });
  }
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^a-zA-Z0-9._-]/g, '-');
}

/**
 * The tags of cosign's signature, attestation and SBOM of a digest; none for sha512, for which they would be too long.
 * @throws TransshipError invalid-digest
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export function cosignTags(digest: string): string[] {
  const { algorithm, hex } = parseDigest(digest);
  return ['sig', 'att', 'sbom']
    .map((suffix) => `${algorithm}-${hex}.${suffix}`)
    .filter((tag) => tag.length <= MAX_TAG_LENGTH);
}

/** The digest that such a tag stands for; undefined where the tag is another one, or has no room for the whole digest. */
export function subjectOfTag(tag: string): string | undefined {
  const [, hex] = SUBJECT.exec(tag) ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Whether a tag looks like a list of referrers; it may still be the name of an image. */
export function isFallbackTag(tag: string): boolean {
  return FALLBACK_TAG.test(tag);
}

/** Whether a tag is one of cosign's signature, attestation or SBOM of a digest. */
export function isCosignTag(tag: string): boolean {
  return COSIGN_TAG.test(tag);
}
