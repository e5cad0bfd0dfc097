// How large a bundle is by its metafile: what is read before the first event, and what is read only when it is needed.
import type { Metafile } from 'esbuild';

export type BundleSize = {
  /** The entry and all that it imports at once. */
  startBytes: number;
  /** All other chunks. */
  lazyBytes: number;
  /** What weighs most at the start: packages, or folders of our own; heaviest first. */
  heaviest: readonly { part: string; bytes: number }[];
};

type Output = Metafile['outputs'][string];

export function bundleSize({ outputs }: Metafile): BundleSize {
  const start = startOutputs(outputs);
  const all = Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
  const startBytes = start.reduce((sum, { bytes }) => sum + bytes, 0);
  return { startBytes, lazyBytes: all - startBytes, heaviest: heaviestParts(start) };
}

function startOutputs(outputs: Metafile['outputs']): Output[] {
  const entry = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint !== undefined && isEntry(entryPoint));
  const found = new Map(entry === undefined ? [] : [entry]);
  // a Map hands out entries that are added on the way
  for (const [, { imports }] of found) {
    for (const { path, kind } of imports) {
      const imported = outputs[path];
      if (kind === 'import-statement' && imported !== undefined) found.set(path, imported);
    }
  }
  return [...found.values()];
}

/** Lazy imports are entry points of the metafile too. */
function isEntry(entryPoint: string): boolean {
  return /^infra\/aws\/[^/]+\.ts$/.test(entryPoint);
}

function heaviestParts(outputs: readonly Output[]): { part: string; bytes: number }[] {
  const parts = new Map<string, number>();
  for (const { inputs } of outputs) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const part = partOf(input);
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
  }
  return [...parts].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** `node_modules/@smithy/core` of a file in it, `shared/config` of one of ours. */
function partOf(input: string): string {
  const inPackage = /node_modules\/(?:@[^/]+\/)?[^/]+(?!.*node_modules\/)/.exec(input)?.[0];
  return inPackage ?? input.split('/').slice(0, 2).join('/');
}
