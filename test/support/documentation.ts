// Reads the Markdown pages of this repository: the command lines in their shell blocks, their headings, their links.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export type Page = { path: string; text: string };

export const ROOT = resolve(import.meta.dirname, '../..');

/** The pages at the root and in docs/, by their path from the root. */
export function readPages(): Page[] {
  return ['.', 'docs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name))
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  );
}

/** The words of every command in the blocks marked `sh`; pipes and lists of commands are taken apart. */
export function commandsIn({ text }: Pick<Page, 'text'>): string[][] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap(commandsOfLine)
    .filter((words) => words.length > 0);
}

function commandsOfLine(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [word] of line.matchAll(/"[^"]*"|'[^']*'|\|\||&&|[|;]|[^\s|;&'"]+/g)) {
    if (word.startsWith('#')) break;
    if (['|', '||', '&&', ';', '>'].includes(word)) commands.push([]);
    else commands.at(-1)?.push(word.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return commands;
}

/** Where a page's links lead, other sites aside. */
export function linksIn({ text }: Pick<Page, 'text'>): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
}

/** The anchors that GitHub gives to a page's headings. */
export function anchorsIn({ text }: Pick<Page, 'text'>): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
