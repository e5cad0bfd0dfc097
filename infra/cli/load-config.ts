// Loads the configuration that the global options name, for the commands that need one.
import { loadConfig, type LoadedConfig } from '../../shared/config/load.ts';
import { formatProblem } from '../../shared/config/problem.ts';
import { logs, type Context } from './context.ts';
import { printJsonLine } from './output/json-lines.ts';
import { styleFor } from './output/style.ts';

/** Loads it and tells its warnings. @throws TransshipError invalid-config */
export async function loadConfigFor(context: Context): Promise<LoadedConfig> {
  const { io, globals } = context;
  const surroundings = { env: io.env, homeDir: io.homeDir, cwd: process.cwd() };
  const loaded = await loadConfig(globals.config, surroundings);
  printConfigWarnings(context, loaded.warnings);
  return loaded;
}

/** Prints what is allowed and may still not be meant. */
export function printConfigWarnings({ io, globals }: Context, warnings: LoadedConfig['warnings']): void {
  const style = styleFor(io.stderr, io, globals);
  for (const warning of warnings) {
    if (globals.json && !globals.quiet) printJsonLine(io, { type: 'warning', ...warning });
    if (globals.json || !logs(globals, 'warn')) continue;
    io.stderr.write(`${style('yellow', 'warning:')} ${formatProblem(warning)}\n`);
    io.stderr.write(`${style('yellow', 'hint:')} ${warning.hint}\n`);
  }
}
