// The form of a single file: its name, its first line, barrels, and tests that were switched off without a word.
import path from 'node:path';
import type { Marking, SourceFile } from './source-file.ts';

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
// a credential helper is a thing of Docker's, a field manager one of Kubernetes'; a file that is only "helper" is nothing
const EMPTY_WORDS = /^helpers?$|(^|-)(utils?|helpers|(?<!^field-)managers?|common|impl|misc)(-|$)/;

export function checkForm(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const { name } = path.posix.parse(file.path.replace(/\.(test|config|d)(?=\.[cm]?[jt]s$)/, ''));
    const names = [...path.posix.dirname(file.path).split('/'), name].filter((part) => !part.startsWith('.'));
    const violations: string[] = [];
    if (!names.every((part) => KEBAB_CASE.test(part))) violations.push(`${file.path}: is not named in kebab-case`);
    if (names.some((part) => EMPTY_WORDS.test(part))) violations.push(`${file.path}: has a name that says nothing`);
    if (!file.opensWithComment) violations.push(`${file.path}: does not open with a comment on what it is for`);
    if (file.isBarrel) violations.push(`${file.path}: only passes on what other files export`);
    for (const marking of file.markings.filter(isForbidden)) {
      violations.push(`${file.path}:${marking.line}: ${marking.object}.${marking.word} without a reason`);
    }
    return violations;
  });
}

function isForbidden({ word, hasReason }: Marking): boolean {
  return word === 'only' || word === 'todo' || !hasReason;
}
