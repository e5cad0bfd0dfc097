// `npm ci` refuses a lock file that lacks a package of another platform. npm writes such a file wherever the registry's mirror
// has not got all platforms, and notices it only in the next clean installation.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Locked = { version?: string; optionalDependencies?: Record<string, string> };

it('locks the packages of all platforms', () => {
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${folder}/node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

it('locks what package.json asks for', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  expect(packages[''].devDependencies).toEqual(devDependencies);
});
