// What is copied: the images of the bench and how each workload uses them.

/** A layer is its name and size: two platforms that list the same layer share it. */
export type LayerShape = { name: string; sizeBytes: number };

/** The layers of each architecture; one architecture is a plain manifest, several are an index. */
export type ImageShape = Record<string, readonly LayerShape[]>;

export type Workload = {
  name: string;
  /** As it stands in tables and plots. */
  title: string;
  image: ImageShape;
  /** The target already has all of it: measured is how soon a program sees that. */
  isUnchanged?: true;
  /** Only with `--large`: takes minutes and gigabytes. */
  isLarge?: true;
};

const KIB = 1024;
const MIB = 1024 * KIB;

const shared = layers('shared', 3, MIB);
const twoPlatforms: ImageShape = {
  amd64: [...shared, ...layers('amd64', 2, MIB)],
  arm64: [...shared, ...layers('arm64', 2, MIB)],
};

export const WORKLOADS: readonly Workload[] = [
  { name: 'big', title: '8 layers of 64 MiB', image: { amd64: layers('big', 8, 64 * MIB) } },
  { name: 'small', title: '60 layers of 20 KB', image: { amd64: layers('small', 60, 20_000) } },
  { name: 'multi-arch', title: '2 platforms of 5 layers, 3 of them shared', image: twoPlatforms },
  {
    name: 'unchanged',
    title: '2 platforms, nothing changed since the last copy',
    image: twoPlatforms,
    isUnchanged: true,
  },
  { name: 'large', title: '4 layers of 1 GiB', image: { amd64: layers('large', 4, 1024 * MIB) }, isLarge: true },
];

/** The name under which `--only` finds the start-up times. */
export const START_UP = 'start-up';

/** The workloads to run: those asked for, or all but the large ones. */
export function chooseWorkloads({ only, isLarge }: { only: readonly string[]; isLarge: boolean }): Workload[] {
  return WORKLOADS.filter((workload) => {
    if (only.length > 0) return only.includes(workload.name);
    return isLarge || workload.isLarge !== true;
  });
}

export function workloadTitle(name: string): string {
  return WORKLOADS.find((workload) => workload.name === name)?.title ?? name;
}

function layers(name: string, count: number, sizeBytes: number): LayerShape[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${name}-${index}`, sizeBytes }));
}
