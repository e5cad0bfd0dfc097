// Manifests as one file for `kubectl apply -f -`: a document for each, under a comment that says what it is for.
import { stringify } from 'yaml';
import type { Manifest } from './kubernetes-object.ts';

const WIDTH = 100;
/** kubectl reads YAML 1.1, where `yes` and `on` are no texts unless they are quoted. */
const FORM = { version: '1.1', lineWidth: 0 } as const;

export function manifestsToYaml(manifests: readonly Manifest[]): string {
  return manifests.map(({ purpose, object }) => `---\n${comment(purpose)}${stringify(object, FORM)}`).join('');
}

/** A comment of as many lines as it takes. */
function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return `${lines.join('\n')}\n`;
}
