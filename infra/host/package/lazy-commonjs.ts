// Lazy imports of CommonJS packages in the bundle: without this they would have a default export only, as Node gives them their names but
// esbuild does not once it splits. The libraries of clouds import so within themselves, where nobody can write it differently.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const NAMESPACE = 'lazy-commonjs';
const require = createRequire(import.meta.url);

export const lazyCommonJs: Plugin = {
  name: NAMESPACE,
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path: name, kind, importer, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === NAMESPACE) return undefined;
      const found = await build.resolve(name, { kind, importer, resolveDir, pluginData: NAMESPACE });
      // what cannot be found is optional, or esbuild says so itself
      if (found.errors.length > 0) return undefined;
      if (found.external || !isCommonJs(found.path)) return found;
      return { path: found.path, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path: file }) => {
      const names = exportsOf(file).join(', ');
      const contents = `const all = require(${JSON.stringify(file)});\nexport default all;\nexport const { ${names} } = all;\n`;
      return { contents, resolveDir: path.dirname(file) };
    });
  },
};

function isCommonJs(file: string): boolean {
  if (!/\.c?js$/.test(file)) return false;
  return !/^(?:import|export)\b/m.test(readFileSync(file, 'utf8'));
}

function exportsOf(file: string): string[] {
  const loaded: unknown = require(file);
  const names = typeof loaded === 'object' || typeof loaded === 'function' ? Object.keys(loaded ?? {}) : [];
  return names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default' && name !== '__esModule');
}
