// How every bundle of ours is made by esbuild, whatever runs it.
import type { BuildOptions } from 'esbuild';
import { lazyCommonJs } from './lazy-commonjs.ts';

// undici, commander, yaml and the SDKs are CommonJS, or ask for node: modules through a `require` that ESM has not got.
const banner = `import { createRequire as transshipCreateRequire } from 'node:module';
const require = transshipCreateRequire(import.meta.url);`;

export const BUNDLE_OPTIONS = {
  bundle: true,
  // a dynamic import stays a file of its own, read when it is needed
  splitting: true,
  format: 'esm',
  platform: 'node',
  // of packages in both forms the ES modules: a lazy import of CommonJS would have a default export only, in the bundle but not before
  mainFields: ['module', 'main'],
  target: 'node24',
  legalComments: 'none',
  banner: { js: banner },
  // google-gax asks where it lies, and reads nothing there: its protocol buffers are in the bundle
  define: { __dirname: 'import.meta.dirname' },
  plugins: [lazyCommonJs],
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;
