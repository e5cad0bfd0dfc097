// The documentation of the configuration says what the program does.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configDocs } from '../../../infra/cli/package/config-docs.ts';
import { EXAMPLE_CONFIG } from '../../../shared/config/example.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { selectTags } from '../../../shared/mirror/selection.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

function load(text: string) {
  return readConfig([{ file: 'transship.yaml', text }], { env: {}, homeDir: '/', cwd: '/' });
}

test.each(['docs/configuration.md', 'docs/transship.schema.json'])(
  '%s follows from the schema (mend it by: npm run docs)',
  async (file) => {
    expect(readFileSync(path.join(ROOT, file), 'utf8')).toBe((await configDocs(ROOT)).get(file));
  },
);

test('the example is valid, without a warning', () => {
  expect(load(EXAMPLE_CONFIG).warnings).toEqual([]);
});

const PAGES = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** YAML of other programs says so in its first line: `# regsync.yml`. */
const EXAMPLES = PAGES.flatMap((page) => {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```ya?ml\n([^]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.filter((block) => !/^# (?!.*transship)\S+\.ya?ml/.test(block)).map((block) => ({ page, block }));
});

test.each(EXAMPLES)('an example in $page is valid', ({ block }) => {
  // of a part of a file, the registries that its receivers speak of stand elsewhere
  const { version, receivers = [] }: { version?: number; receivers?: { registry: string }[] } = parse(block);
  const registries = Object.fromEntries(receivers.map(({ registry }) => [registry, {}]));
  const texts = version === undefined ? [stringify({ version: 1, registries }), block] : [block];
  const files = texts.map((text, index) => ({ file: `${index}.yaml`, text }));
  expect(readConfig(files, { env: {}, homeDir: '/', cwd: '/' }).effective.version).toBe(1);
});

test('there are examples', () => {
  expect(EXAMPLES.map(({ page }) => page)).toContain('docs/configuration.md');
});

test('the table of selections holds', () => {
  const page = readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8');
  const [, names = ''] = /With the tags (.*):/.exec(page) ?? [];
  const tags = codes(names);
  const [, table = ''] = /docs\.test\.ts -->\n+([^]*?)\n\n/.exec(page) ?? [];
  const rows = table.split('\n').slice(2);
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) {
    const [, left = '', right = ''] = row.split(/(?<!\\)\|/);
    const [selection = ''] = codes(left);
    const expected = right.trim() === 'all' ? tags : codes(right);
    expect([selection, selectTags(tags, parse(selection))]).toEqual([selection, expected]);
  }
});

function codes(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
