// The libraries of other clouds and of Kubernetes: large, alike in all functions, and loaded by few of their events. They are bundled once,
// and each function gets the files of those that it can ask for.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import type { BuildOptions, Metafile, OutputFile, Plugin } from 'esbuild';

/** As they are imported, lazily: packages, or files of ours by the end of their path. They share nothing with the rest of a bundle. */
const VENDORS = [
  '@azure/identity',
  '@google-cloud/artifact-registry',
  'google-auth-library',
  './shared/cluster/client-options.ts',
] as const;

export type Vendors = {
  /** Leaves them out of a function's own chunks. */
  plugin: Plugin;
  /** Writes into the function's folder what its chunks ask for, and says so in its metafile. */
  addTo(metafile: Metafile, folder: string): Promise<Metafile>;
};

const ENTRY = 'vendors.ts';

/** @param options as for the functions, with `absWorkingDir` */
export async function buildVendors(options: BuildOptions & { absWorkingDir: string }): Promise<Vendors> {
  const { absWorkingDir: root } = options;
  const built = await esbuild.build({
    ...options,
    stdin: {
      contents: VENDORS.map((name) => `import(${JSON.stringify(name)});\n`).join(''),
      resolveDir: root,
      sourcefile: ENTRY,
      loader: 'ts',
    },
    chunkNames: '[name]-[hash]',
    // nothing is written there: the names of all files begin so
    outdir: path.join(root, 'dist/aws/vendors'),
    write: false,
    metafile: true,
  });
  const { inputs, outputs } = built.metafile;
  const files = new Map(built.outputFiles.map((file) => [path.basename(file.path), file]));
  const chunks = new Map(
    (inputs[ENTRY]?.imports ?? []).map(({ original = '', path: input }) => [original, chunkOf(outputs, input)]),
  );
  return {
    plugin: leavingOut(chunks),
    addTo: (metafile, folder) =>
      addFiles(metafile, path.relative(root, folder), { built: built.metafile, files, root }),
  };
}

function chunkOf(outputs: Metafile['outputs'], input: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === input);
  if (found === undefined) throw new Error(`esbuild made no chunk of ${input}`);
  return path.basename(found[0]);
}

function leavingOut(chunks: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'vendors',
    setup(build) {
      const filter = new RegExp(`(?:${VENDORS.map((name) => RegExp.escape(path.posix.basename(name))).join('|')})$`);
      build.onResolve({ filter }, ({ path: name, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = name.startsWith('.') ? path.join(resolveDir, name) : name;
        const vendor = VENDORS.find((one) => (one.startsWith('.') ? file.endsWith(one.slice(1)) : file === one));
        return vendor === undefined ? undefined : { path: `./${chunks.get(vendor)}`, external: true };
      });
    },
  };
}

type BuiltVendors = { built: Metafile; files: ReadonlyMap<string, OutputFile>; root: string };

async function addFiles(metafile: Metafile, folder: string, { built, files, root }: BuiltVendors): Promise<Metafile> {
  const outputs = new Map(Object.entries(built.outputs).map(([file, output]) => [path.basename(file), output]));
  const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  const wanted = new Set(asked.map((one) => path.basename(one.path)).filter((name) => outputs.has(name)));
  const added: Metafile = { inputs: { ...metafile.inputs }, outputs: { ...metafile.outputs } };
  // a Set hands out what is added on the way
  for (const name of wanted) {
    const [output, file] = [outputs.get(name), files.get(name)];
    if (output === undefined || file === undefined) continue;
    await writeFile(path.join(root, folder, name), file.contents);
    const imports = output.imports.map((one) => (one.external ? one : { ...one, path: within(folder, one.path) }));
    added.outputs[`${folder}/${name}`] = { ...output, imports };
    for (const input of Object.keys(output.inputs)) {
      const found = built.inputs[input];
      if (found !== undefined) added.inputs[input] = found;
    }
    for (const one of output.imports) if (!one.external) wanted.add(path.basename(one.path));
  }
  return added;
}

function within(folder: string, file: string): string {
  return `${folder}/${path.basename(file)}`;
}
