// `transship config show`: the effective configuration, as YAML that can be loaded again.
import { stringify } from 'yaml';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';

export async function runConfigShow(context: Context): Promise<number> {
  const { io, globals } = context;
  const { files, effective } = await loadConfigFor(context);
  if (globals.json) printJsonLine(io, { type: 'report', files, config: effective });
  else io.stdout.write(stringify(effective, withoutVariables, { lineWidth: 0 }));
  return EXIT.done;
}

/** What stands there literally must not be taken for a variable when it is loaded again. */
function withoutVariables(_key: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('${', () => '$${') : value;
}
