// Limits of bandwidth hold on the wire: of a registry in both directions, of a rule for what is read, and for nobody else.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { createBandwidth } from '../../../shared/oci/http/bandwidth.ts';
import { runCopy } from '../../support/copy-run.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';

const KIB = 1024;
/** Two blobs of this size: the first half second is free, the rest waits. */
const LAYER_BYTES = 600 * KIB;
const BYTES_PER_SECOND = 1000 * KIB;
const LEAST_MS = ((2 * LAYER_BYTES) / BYTES_PER_SECOND - 0.5) * 1000 - 50;

let source: RunningRegistry;
let target: RunningRegistry;
let other: RunningRegistry;

beforeEach(async () => {
  [source, target, other] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  const layers = [Buffer.alloc(LAYER_BYTES, 'a'), Buffer.alloc(LAYER_BYTES, 'b')];
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers });
});
afterEach(() => Promise.all([source, target, other].map((one) => one.stop())));

const limited = (registry: RunningRegistry) => ({
  registries: { registries: [{ host: registry.host, limits: { bandwidthBytesPerSecond: BYTES_PER_SECOND } }] },
});
const copy = (options: Parameters<typeof runCopy>[2], to = [target]) =>
  runCopy(
    `${source.host}/app:v1`,
    to.map(({ host }) => `${host}/app:v1`),
    options,
  );

test('of the source', async () => {
  const { target: report, durationMs } = await copy(limited(source));
  expect(report?.state).toBe('copied');
  expect(durationMs).toBeGreaterThan(LEAST_MS);
});

test('of a target', async () => {
  const { target: report, durationMs } = await copy(limited(target));
  expect(report?.state).toBe('copied');
  expect(durationMs).toBeGreaterThan(LEAST_MS);
});

test('of a target that takes chunks', async () => {
  const registries = { registries: [{ ...limited(target).registries.registries[0], host: target.host, kind: 'acr' }] };
  const { target: report, durationMs } = await copy({ registries });
  expect(report?.state).toBe('copied');
  expect(durationMs).toBeGreaterThan(LEAST_MS);
});

test('of a rule, counted once for all targets', async () => {
  const pace = createBandwidth(BYTES_PER_SECOND);
  const { report, durationMs } = await copy({ session: (session) => ({ ...session, pace }) }, [target, other]);
  expect(report?.targets.map(({ state }) => state)).toEqual(['copied', 'copied']);
  expect(durationMs).toBeGreaterThan(LEAST_MS);
  expect(durationMs).toBeLessThan(2 * LEAST_MS + 500);
});

test('of a registry that has no part in the copy: none', async () => {
  const { target: report, durationMs } = await copy(limited(other));
  expect(report?.state).toBe('copied');
  expect(durationMs).toBeLessThan(LEAST_MS);
});
