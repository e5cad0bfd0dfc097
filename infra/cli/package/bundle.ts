// Makes `dist/`, what the published package runs: Node does not strip types under node_modules, and few files start faster than many.
//
// All dependencies are in the bundle and stand among the devDependencies, so an installation fetches and resolves nothing.
// The price is that `npm audit` of a user sees no undici: `dist/sbom.cdx.json` names every bundled package with its version
// for scanners, `dist/third-party-licenses.txt` carries their licences, and `npm audit` in this repository covers them.
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { BUNDLE_OPTIONS } from '../../host/package/bundle-options.ts';
import { bundledPackages, licensesText, softwareBillOfMaterials } from '../../host/package/third-party.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const dist = path.join(root, 'dist');

/** A file that is started by its address, as a worker thread is: a URL of a neighbour, relative to the file that names it. */
const STARTED_FILE = /new URL\('(?<file>\.{1,2}\/[\w./-]+)\.ts', import\.meta\.url\)/g;

const startedFiles: esbuild.Plugin = {
  name: 'started-files',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
      // every output file lies directly in dist/, so the neighbour's name is its address
      contents: readFileSync(file, 'utf8').replace(
        STARTED_FILE,
        (_, target: string) => `new URL('./${path.basename(target)}.js', import.meta.url)`,
      ),
      loader: 'ts',
    }));
  },
};

function findStartedFiles(): string[] {
  return globSync('{shared,functions,infra}/**/*.ts', { cwd: root }).flatMap((file) =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(STARTED_FILE)].map((match) =>
      path.join(path.dirname(file), `${match.groups?.['file']}.ts`),
    ),
  );
}

rmSync(dist, { recursive: true, force: true });
const result = await esbuild.build({
  ...BUNDLE_OPTIONS,
  absWorkingDir: root,
  entryPoints: ['infra/cli/main.ts', ...new Set(findStartedFiles())],
  outdir: dist,
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  plugins: [startedFiles, ...BUNDLE_OPTIONS.plugins],
});

const packages = bundledPackages(root, Object.keys(result.metafile.inputs));
writeFileSync(path.join(dist, 'third-party-licenses.txt'), licensesText(packages));
writeFileSync(path.join(dist, 'sbom.cdx.json'), softwareBillOfMaterials(packages));
const sizeBytes = Object.values(result.metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
process.stdout.write(
  `dist: ${Object.keys(result.metafile.outputs).length} files, ${Math.round(sizeBytes / 1024)} KiB, ${packages.length} packages inside\n`,
);
