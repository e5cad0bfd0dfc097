// Reads a regular expression into a tree: the syntax that Go, JavaScript and RE2 share and that is regular in the strict sense,
// so without look-around and back-references. Matching it is the business of regex.ts.
// https://github.com/google/re2/wiki/Syntax
import { TransshipError } from '../../errors.ts';
import { printable } from '../../telemetry/printable.ts';

export type CharacterTest = (code: number) => boolean;

export type RegexNode =
  | { kind: 'character'; test: CharacterTest }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; parts: RegexNode[] }
  | { kind: 'repeat'; part: RegexNode; min: number; max: number };

type Reader = { text: string; position: number; ignoreCase: boolean; depth: number };

const MAX_LENGTH = 1000;
const MAX_DEPTH = 50;
const MAX_REPEAT = 1000;

const DIGIT: CharacterTest = (code) => code >= 0x30 && code <= 0x39;
const WORD: CharacterTest = (code) => DIGIT(code) || isLetter(code) || code === 0x5f;
const SPACE: CharacterTest = (code) => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const CLASSES: Readonly<Record<string, CharacterTest>> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/** @throws TransshipError invalid-config */
export function parseRegex(text: string, flags: string): RegexNode {
  const reader: Reader = { text, position: 0, ignoreCase: flags.includes('i'), depth: 0 };
  if (/[^i]/.test(flags)) throw refused(`the flag "${printable(flags)}" is not known`, 'the only flag is i: any case');
  if (text.length > MAX_LENGTH) throw refused(`it is longer than ${MAX_LENGTH} characters`, 'split it into several');
  if (take(reader, '(?i)')) reader.ignoreCase = true;
  const node = readChoice(reader);
  if (reader.position < text.length) throw refused('a ")" too many', 'write \\) for the character itself');
  return node;
}

function readChoice(reader: Reader): RegexNode {
  const parts = [readSequence(reader)];
  while (take(reader, '|')) parts.push(readSequence(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
}

function readSequence(reader: Reader): RegexNode {
  const parts: RegexNode[] = [];
  for (;;) {
    const character = reader.text[reader.position];
    if (character === undefined || character === '|' || character === ')') return { kind: 'sequence', parts };
    parts.push(readRepeated(reader));
  }
}

function readRepeated(reader: Reader): RegexNode {
  let part = readAtom(reader);
  for (let range = takeRepeat(reader); range !== undefined; range = takeRepeat(reader)) {
    if (range.max < range.min || range.min > MAX_REPEAT || (range.max > MAX_REPEAT && range.max !== Infinity)) {
      throw refused('a repetition has wrong bounds', `write {min,max} with at most ${MAX_REPEAT}`);
    }
    part = { kind: 'repeat', part, ...range };
  }
  return part;
}

function takeRepeat(reader: Reader): { min: number; max: number } | undefined {
  const found = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(reader.text.slice(reader.position, reader.position + 20));
  if (found === null) return undefined;
  reader.position += found[0].length;
  const [sign, min, comma, max] = found;
  if (sign.startsWith('*')) return { min: 0, max: Infinity };
  if (sign.startsWith('+')) return { min: 1, max: Infinity };
  if (sign.startsWith('?')) return { min: 0, max: 1 };
  if (comma === '') return { min: Number(min), max: Number(min) };
  return { min: Number(min), max: max === '' ? Infinity : Number(max) };
}

function readAtom(reader: Reader): RegexNode {
  const character = reader.text[reader.position] ?? '';
  if (character === '(') return readGroup(reader);
  reader.position += 1;
  if (character === '[') return { kind: 'character', test: readClass(reader) };
  if (character === '^') return { kind: 'start' };
  if (character === '$') return { kind: 'end' };
  if (character === '.') return { kind: 'character', test: (code) => code !== 0x0a };
  if (character === '\\') return readEscape(reader);
  if ('*+?'.includes(character)) {
    throw refused(`nothing stands before "${character}" that could repeat`, `write \\${character} for the character`);
  }
  return literal(reader, character.charCodeAt(0));
}

function readGroup(reader: Reader): RegexNode {
  reader.position += 1;
  const name = /^\?(?::|P?<[A-Za-z_]\w*>)/.exec(reader.text.slice(reader.position, reader.position + 100));
  reader.position += name?.[0].length ?? 0;
  if (name === null && reader.text[reader.position] === '?') {
    const hint = 'look-around and flags inside are not known: use deny for what must not match';
    throw refused(`"(${printable(reader.text.slice(reader.position, reader.position + 3))}" is not known`, hint);
  }
  reader.depth += 1;
  if (reader.depth > MAX_DEPTH) throw refused('it is nested too deeply', 'split it into several');
  const node = readChoice(reader);
  if (!take(reader, ')')) throw refused('a ")" is missing', 'close every group');
  reader.depth -= 1;
  return node;
}

function readEscape(reader: Reader): RegexNode {
  const character = takeEscaped(reader);
  const test = classOf(character);
  if (test !== undefined) return { kind: 'character', test };
  if (character === 'A') return { kind: 'start' };
  if (character === 'z') return { kind: 'end' };
  return literal(reader, codeOfEscape(character));
}

function takeEscaped(reader: Reader): string {
  const character = reader.text[reader.position];
  if (character === undefined) throw refused('it ends with "\\"', 'write \\\\ for the character itself');
  reader.position += 1;
  return character;
}

function classOf(letter: string): CharacterTest | undefined {
  const test = CLASSES[letter.toLowerCase()];
  if (test === undefined || letter === letter.toLowerCase()) return test;
  return (code) => !test(code);
}

function codeOfEscape(character: string): number {
  const control = CONTROLS[character];
  if (control !== undefined) return control;
  if (/[0-9A-Za-z]/.test(character)) {
    throw refused(`"\\${character}" is not known`, 'known are \\d \\w \\s and their opposites, and \\ before a sign');
  }
  return character.charCodeAt(0);
}

function readClass(reader: Reader): CharacterTest {
  const negated = take(reader, '^');
  const tests: CharacterTest[] = [];
  while (tests.length === 0 || !take(reader, ']')) {
    const from = readClassMember(reader);
    if (typeof from !== 'number') {
      tests.push(from);
      continue;
    }
    const next = reader.text[reader.position + 1];
    if (reader.text[reader.position] !== '-' || next === ']' || next === undefined) {
      tests.push(inRange(reader, from, from));
      continue;
    }
    reader.position += 1;
    const to = readClassMember(reader);
    if (typeof to !== 'number' || to < from) throw refused('a range in [...] runs backwards', 'write it like [a-z]');
    tests.push(inRange(reader, from, to));
  }
  return (code) => tests.some((test) => test(code)) !== negated;
}

function readClassMember(reader: Reader): number | CharacterTest {
  const character = reader.text[reader.position];
  if (character === undefined) throw refused('a "]" is missing', 'close every [');
  if (reader.text.startsWith('[:', reader.position)) {
    throw refused('"[:name:]" is not known', 'write \\d, \\w, \\s or the characters themselves');
  }
  reader.position += 1;
  if (character !== '\\') return character.charCodeAt(0);
  const escaped = takeEscaped(reader);
  return classOf(escaped) ?? codeOfEscape(escaped);
}

function literal(reader: Reader, code: number): RegexNode {
  return { kind: 'character', test: inRange(reader, code, code) };
}

function inRange({ ignoreCase }: Reader, from: number, to: number): CharacterTest {
  const test: CharacterTest = (code) => code >= from && code <= to;
  // the cases of an ASCII letter differ in one bit
  return ignoreCase ? (code) => test(code) || (isLetter(code) && test(code ^ 0x20)) : test;
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function take(reader: Reader, text: string): boolean {
  if (!reader.text.startsWith(text, reader.position)) return false;
  reader.position += text.length;
  return true;
}

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
