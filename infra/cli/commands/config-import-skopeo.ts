// `transship config import skopeo`: a configuration made of the YAML of skopeo sync.
import { importSkopeo } from '../../../shared/config/import/skopeo.ts';
import { readConfigFile } from '../../../shared/config/load.ts';
import type { Context } from '../context.ts';
import { printImported } from '../output/imported-config.ts';

export type SkopeoOptions = { to: string; scoped?: boolean };

export async function runConfigImportSkopeo(context: Context, file: string, options: SkopeoOptions): Promise<number> {
  const text = await readConfigFile(file, process.cwd());
  return printImported(context, importSkopeo(text, { destination: options.to, isScoped: options.scoped ?? false }));
}
