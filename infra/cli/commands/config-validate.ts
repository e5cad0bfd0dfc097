// `transship config validate`: everything that is wrong with the configuration, or what is in it.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';

export async function runConfigValidate(context: Context): Promise<number> {
  const { io, globals } = context;
  const { files, config, warnings } = await loadConfigFor(context);
  const counts = {
    registries: config.registries.length,
    mirrors: config.rules.length,
    receivers: config.receivers.length,
  };
  if (globals.json) {
    printJsonLine(io, { type: 'report', valid: true, files, ...counts, warnings: warnings.length });
  } else if (!globals.quiet) {
    const parts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    io.stdout.write(`${files.join(', ')}: valid (${parts.join(', ')})\n`);
  }
  return EXIT.done;
}
