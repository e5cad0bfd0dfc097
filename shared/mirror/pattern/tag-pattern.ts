// A pattern for tags as users write it: a glob (`3.*`, `{a,b}-*`) that fits the whole tag, or a `/regex/` that is found anywhere in it.
import { TransshipError } from '../../errors.ts';
import { expandBraces } from './braces.ts';
import { matchesGlob } from './glob.ts';
import { compileRegex } from './regex.ts';

export type TagTest = (tag: string) => boolean;

/** @throws TransshipError invalid-config */
export function compileTagPattern(pattern: string): TagTest {
  const regex = /^\/(.*)\/([a-z]*)$/s.exec(pattern);
  if (regex !== null) return compileRegex(regex[1] ?? '', regex[2]);
  if (/[^\w.*?{},-]/.test(pattern) || pattern === '') {
    throw new TransshipError('invalid-config', 'it can never match: tags have letters, digits, "_", "." and "-"', {
      hint: 'write a glob like 3.* or *-alpine, or a regular expression like /^3\\.\\d+$/',
    });
  }
  const globs = expandBraces(pattern);
  return (tag) => globs.some((glob) => matchesGlob(glob, tag));
}

/** True for any of the patterns. @throws TransshipError invalid-config */
export function compileTagPatterns(patterns: readonly string[]): TagTest {
  const tests = patterns.map(compileTagPattern);
  return (tag) => tests.some((test) => test(tag));
}
