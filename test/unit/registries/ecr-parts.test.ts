// Which layers may go to ECR in parts, and which kept uploads are such: nothing is asked for that.
import { expect, test } from 'vitest';
import { createThrottle } from '../../../shared/oci/http/throttle.ts';
import { DEFAULT_RETRIES } from '../../../shared/oci/http/retry.ts';
import { ecr } from '../../../shared/registries/ecr.ts';
import { ecrParts } from '../../../shared/registries/ecr-parts.ts';

const MEBIBYTE = 2 ** 20;
const parts = ecrParts({
  host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  identity: {},
  env: () => Promise.resolve({}),
  throttle: createThrottle(ecr.traits, Date.now, 1000),
  runtime: { retries: DEFAULT_RETRIES, random: () => 0 },
});
const sha256 = `sha256:${'0'.repeat(64)}`;

test.each([
  [sha256, 1, true],
  [sha256, 42_000 * MEBIBYTE, true],
  ['sha256, of more parts than ECR takes', 42_000 * MEBIBYTE + 1, false],
  [`sha512:${'0'.repeat(128)}`, MEBIBYTE, false],
  [sha256, 0, false],
])('a layer %s of %i bytes goes in parts: %s', (digest, size, isTaken) => {
  const known = digest.startsWith('sha512') ? digest : sha256;
  expect(parts.takes({ mediaType: 'application/octet-stream', digest: known, size })).toBe(isTaken);
});

test.each([
  ['ecr-upload:6cb64b8a-9378-0e33-2ab1-b780fab8a9e9', 1000, true],
  ['ecr-upload:6cb64b8a-9378-0e33-2ab1-b780fab8a9e9', 0, false],
  ['ecr-upload:../../6cb64b8a', 1000, false],
  ['https://registry.example/v2/app/blobs/uploads/6cb64b8a-9378-0e33-2ab1-b780fab8a9e9', 1000, false],
])('what was kept as %s with parts of %i bytes is one of its uploads: %s', (location, leastChunkBytes, isOne) => {
  expect(parts.isOne({ location: new URL(location), leastChunkBytes })).toBe(isOne);
});
