// Digests: reads them strictly, because they end up in URLs, paths and tags, and computes them from bytes.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
import { createHash } from 'node:crypto';
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';
export type Digest = { algorithm: DigestAlgorithm; hex: string };

const HEX_LENGTHS = { sha256: 64, sha512: 128 } satisfies Record<DigestAlgorithm, number>;
const EXAMPLE = 'a digest is "sha256:" and 64, or "sha512:" and 128, lower-case hexadecimal digits';

/** Splits a digest into its parts. @throws TransshipError invalid-digest */
export function parseDigest(text: string): Digest {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, Math.max(colon, 0));
  const hex = text.slice(colon + 1);
  if (colon < 0) throw invalid(text, 'no algorithm before ":"');
  if (!isAlgorithm(algorithm)) throw invalid(text, `algorithm "${printable(algorithm, 40)}" is not sha256 or sha512`);
  if (hex.length !== HEX_LENGTHS[algorithm]) {
    throw invalid(text, `${hex.length} characters after "${algorithm}:" instead of ${HEX_LENGTHS[algorithm]}`);
  }
  if (/^[0-9a-f]+$/.test(hex)) return { algorithm, hex };
  if (/^[0-9a-f]+$/i.test(hex)) {
    throw invalid(text, 'upper-case letters', `digests are lower case: try ${text.toLowerCase()}`);
  }
  throw invalid(text, 'a character that is not a hexadecimal digit');
}

/** True for text that `parseDigest` accepts. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** The digest of the bytes. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function isAlgorithm(text: string): text is DigestAlgorithm {
  return text === 'sha256' || text === 'sha512';
}

function invalid(text: string, reason: string, hint = EXAMPLE): TransshipError {
  return new TransshipError('invalid-digest', `invalid digest "${printable(text, 160)}": ${reason}`, { hint });
}
