// `transship config show`: the effective configuration, as YAML that can be loaded again.
import { stringify } from 'yaml';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { literalTexts } from '../output/literal-texts.ts';

export async function runConfigShow(context: Context): Promise<number> {
  const { io, globals } = context;
  const { files, effective } = await loadConfigFor(context);
  if (globals.json) printJsonLine(io, { type: 'report', files, config: effective });
  else io.stdout.write(stringify(effective, literalTexts, { lineWidth: 0 }));
  return EXIT.done;
}
