// Prints a configuration that was made of another tool's: the YAML on stdout, what could not be carried over on stderr.
import { stringify } from 'yaml';
import type { ImportedConfig } from '../../../shared/config/import/imported.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printConfigWarnings } from '../load-config.ts';
import { printJsonLine } from './json-lines.ts';

export function printImported(context: Context, { config, warnings }: ImportedConfig): number {
  const { io, globals } = context;
  printConfigWarnings(context, warnings);
  if (globals.json) printJsonLine(io, { type: 'report', config, warnings: warnings.length });
  else io.stdout.write(stringify(config, { lineWidth: 0 }));
  return EXIT.done;
}
