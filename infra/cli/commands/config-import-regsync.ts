// `transship config import regsync`: a configuration made of a regsync.yml.
import { importRegsync } from '../../../shared/config/import/regsync.ts';
import { readConfigFile } from '../../../shared/config/load.ts';
import type { Context } from '../context.ts';
import { printImported } from '../output/imported-config.ts';

export async function runConfigImportRegsync(context: Context, file: string): Promise<number> {
  return printImported(context, importRegsync(await readConfigFile(file, process.cwd())));
}
