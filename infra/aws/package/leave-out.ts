// What a library brings along and no function can use: zod's words in fifty languages, a fifth of the API's function.
import type { Plugin } from 'esbuild';

export const leaveOutLanguages: Plugin = {
  name: 'leave-out-languages',
  setup(build) {
    // English is imported by itself
    build.onLoad({ filter: /node_modules\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export {};',
      loader: 'js',
    }));
  },
};
