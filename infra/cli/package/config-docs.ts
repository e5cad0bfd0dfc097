// The files of the documentation that follow from the configuration's schema: its JSON Schema, and the tables and the example of
// the reference page, between marks in a text that is written by hand.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { format, type FormatConfig } from 'oxfmt';
import { EXAMPLE_CONFIG } from '../../../shared/config/example.ts';
import { configJsonSchema } from '../../../shared/config/json-schema.ts';
import { keyTable } from './config-tables.ts';

const GENERATED = /(<!-- from the schema: (\S+) -->\n)[^]*?(\n<!-- end -->)/g;

/** The files by their path from the root, as they must be. */
export async function configDocs(root: string): Promise<ReadonlyMap<string, string>> {
  const schema = configJsonSchema();
  const page = await readFile(path.join(root, 'docs/configuration.md'), 'utf8');
  const filled = page.replaceAll(GENERATED, (_, begin: string, section: string, end: string) => {
    const content = section === 'example' ? `\`\`\`yaml\n${EXAMPLE_CONFIG}\`\`\`` : keyTable(schema, section);
    return `${begin}\n${content}\n${end}`;
  });
  return new Map([
    ['docs/configuration.md', await formatted(root, 'docs/configuration.md', filled)],
    ['docs/transship.schema.json', await formatted(root, 'docs/transship.schema.json', JSON.stringify(schema))],
  ]);
}

/** As the formatter of the repository wants it. */
async function formatted(root: string, file: string, text: string): Promise<string> {
  const settings: FormatConfig = JSON.parse(await readFile(path.join(root, '.oxfmtrc.json'), 'utf8'));
  const { code, errors } = await format(file, text, settings);
  if (errors.length > 0) throw new Error(`${file} can't be formatted: ${JSON.stringify(errors)}`);
  return code;
}
