// Makes the bundles of the functions: for each a folder with `index.mjs` and the chunks that it loads when it needs them, and beside it
// the metafile of esbuild. Nothing of one function is in another's folder, and the same sources give the same bytes.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../host/package/bundle-options.ts';
import { bundledPackages, licensesText, softwareBillOfMaterials } from '../../host/package/third-party.ts';
import { AWS_FUNCTIONS } from '../stack/functions.ts';
import { leaveOutLanguages } from './leave-out.ts';
import { buildVendors, type Vendors } from './vendors.ts';

export type BuiltFunction = { name: string; metafile: Metafile };

const root = path.resolve(import.meta.dirname, '../../..');

const OPTIONS = {
  ...BUNDLE_OPTIONS,
  absWorkingDir: root,
  outExtension: { '.js': '.mjs' },
  // all in one folder: they name each other
  chunkNames: '[name]-[hash]',
  minify: true,
  // what errors, logs and stack traces call things by
  keepNames: true,
} satisfies BuildOptions;

/**
 * Writes into `outDir`, which may hold other things, `<name>/`, `<name>.meta.json`, and once for all the licences and the list of packages.
 * @throws an esbuild BuildFailure that says where a source is wrong
 */
export async function buildFunctions(outDir: string): Promise<BuiltFunction[]> {
  await mkdir(outDir, { recursive: true });
  const vendors = await buildVendors(OPTIONS);
  const built = await Promise.all(AWS_FUNCTIONS.map(({ name }) => buildFunction(name, outDir, vendors)));
  const packages = bundledPackages(root, [...new Set(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)))]);
  await writeFile(path.join(outDir, 'third-party-licenses.txt'), licensesText(packages));
  await writeFile(path.join(outDir, 'sbom.cdx.json'), softwareBillOfMaterials(packages));
  return built;
}

async function buildFunction(name: string, outDir: string, vendors: Vendors): Promise<BuiltFunction> {
  const folder = path.join(outDir, name);
  // chunks of an earlier build have other names
  await rm(folder, { recursive: true, force: true });
  const own = await build({
    ...OPTIONS,
    entryPoints: { index: `infra/aws/${name}.ts` },
    outdir: folder,
    plugins: [leaveOutLanguages, vendors.plugin, ...OPTIONS.plugins],
  });
  const metafile = await vendors.addTo(own.metafile, folder);
  await writeFile(path.join(outDir, `${name}.meta.json`), JSON.stringify(metafile));
  return { name, metafile };
}
