// Which packages of others are inside our bundle, and what we owe them: their licences, and a list that scanners can read.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export type BundledPackage = { name: string; version: string; license: string; licenseText: string };

/**
 * Finds the packages that the given input files (relative to `root`) belong to, sorted by name. What a plugin of the build stands in for
 * (`lazy-commonjs:/…`) is no file, and is followed by the file itself.
 */
export function bundledPackages(root: string, inputs: readonly string[]): BundledPackage[] {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  return [...folders].sort().map((folder) => readPackage(path.join(root, folder)));
}

function packageFolder(input: string): string | undefined {
  return /^(?:[^:]*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

/** @throws Error if a package says nothing about its licence: it must not be shipped unseen */
function readPackage(folder: string): BundledPackage {
  const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const [name, version, license] = ['name', 'version', 'license'].map((key) => textAt(manifest, key, folder));
  const file = globSync('{LICEN[CS]E,licen[cs]e,COPYING}*', { cwd: folder })[0];
  const licenseText =
    file !== undefined && existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), 'utf8') : '';
  return { name: name ?? '', version: version ?? '', license: license ?? '', licenseText: licenseText.trim() };
}

function textAt(manifest: unknown, key: string, folder: string): string {
  if (typeof manifest === 'object' && manifest !== null) {
    const value: unknown = Reflect.get(manifest, key);
    if (typeof value === 'string') return value;
  }
  throw new Error(`${folder}/package.json has no ${key}`);
}

export function licensesText(packages: readonly BundledPackage[]): string {
  const parts = packages.map(
    ({ name, version, license, licenseText }) => `${name} ${version} (${license})\n\n${licenseText}\n`,
  );
  return `Transship contains the following packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** @see https://cyclonedx.org/docs/1.6/json/ and https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
export function softwareBillOfMaterials(packages: readonly BundledPackage[]): string {
  const components = packages.map(({ name, version, license }) => ({
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ expression: license }],
  }));
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }, undefined, 2)}\n`;
}
