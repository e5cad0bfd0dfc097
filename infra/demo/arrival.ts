// Watches from outside what a target gets of an image: its bytes as they come in, and the moment in which its tag is there.
import type { Target } from './stage.ts';
import type { DemoImage } from './images.ts';
import { isReferenced } from './registry/catalog.ts';
import { until } from './until.ts';

export type TargetWatch = {
  reference: string;
  /** What has to cross: blobs that the registry has in another repository are mounted. */
  sizeBytes: number;
  /** Of `sizeBytes`; after `restart`, blobs that were left unfinished count anew. */
  receivedBytes: () => number;
  /** The sender is another process from here on. */
  restart: () => void;
  /** All that came in. */
  totalBytes: () => number;
  /** Resolves to the time (`performance.now()`) of the moment in which the tag names the image. */
  arrived: (signal: AbortSignal, timeoutMs: number) => Promise<number>;
};

export function watchTarget({ host, registry }: Target, image: DemoImage): TargetWatch {
  const { repository, tag, digest } = image;
  const reference = `${host}/${repository}:${tag}`;
  const missing = image.blobs.filter(({ descriptor }) => !isReferenced(registry.catalog, descriptor.digest));
  const sizeBytes = sumOf(missing.map(({ bytes }) => bytes.byteLength));
  const first = registry.exchanges.length;
  let [since, settledBytes] = [first, 0];
  const uploadedBytes = (from: number) =>
    sumOf(
      registry.exchanges
        .slice(from)
        .filter(({ path }) => path.startsWith(`/v2/${repository}/blobs/uploads/`))
        .map(({ bytesIn }) => bytesIn),
    );
  return {
    reference,
    sizeBytes,
    receivedBytes: () => Math.min(sizeBytes, settledBytes + uploadedBytes(since)),
    restart() {
      const there = missing.filter(({ descriptor }) => isReferenced(registry.catalog, descriptor.digest));
      settledBytes = sumOf(there.map(({ bytes }) => bytes.byteLength));
      since = registry.exchanges.length;
    },
    totalBytes: () => uploadedBytes(first),
    arrived: (signal, timeoutMs) =>
      until(() => (registry.catalog.get(repository)?.tags.get(tag) === digest ? performance.now() : undefined), {
        signal,
        timeoutMs,
        what: `${reference} is there`,
      }),
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
