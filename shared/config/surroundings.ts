// What a configuration depends on beside its text.

export type ConfigSurroundings = {
  env: NodeJS.ProcessEnv;
  homeDir: string;
  /** Relative file names start here. */
  cwd: string;
};
