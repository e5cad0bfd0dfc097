// Reads one source file the way the architecture rules need it: what it imports and how, what it exports, how its tests are marked.
// Parsing is oxc's; nothing is resolved or type-checked here.
import path from 'node:path';
import { parseSync, Visitor, type CallExpression, type Expression } from 'oxc-parser';

export type FileText = { path: string; text: string };

export type Import = {
  /** A path from the root of the repository for a relative import, else the package or `node:` module as written. */
  target: string;
  /** `type`: erased before the program runs. `lazy`: a dynamic import, or a file started as a worker. */
  kind: 'static' | 'type' | 'lazy';
};

/** `it.skip(...)` and its like: the word, what it hangs on, whether somebody said why. */
export type Marking = { object: string; word: string; line: number; hasReason: boolean };

export type SourceFile = {
  path: string;
  imports: readonly Import[];
  opensWithComment: boolean;
  /** Only passes on what other files export. */
  isBarrel: boolean;
  markings: readonly Marking[];
};

const MARKING_WORDS = new Set(['skip', 'only', 'todo', 'skipIf', 'runIf']);
const TEST_WORDS = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const CONTEXT_WORDS = new Set(['context', 'ctx', 'task', 't']);

/** @throws Error if the file does not parse */
export function parseSourceFile({ path: file, text }: FileText): SourceFile {
  const { program, comments, errors } = parseSync(file, text);
  const [error] = errors;
  if (error) throw new Error(`${file}: ${error.message}`);
  const imports: Import[] = [];
  const markings: Marking[] = [];
  const add = (specifier: string, kind: Import['kind']) => imports.push({ target: targetOf(file, specifier), kind });
  const commentLines = new Set(comments.flatMap(({ start, end }) => [lineAt(text, start), lineAt(text, end)]));

  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.importKind === 'type' ? 'type' : 'static'),
    ExportAllDeclaration: (node) => add(node.source.value, node.exportKind === 'type' ? 'type' : 'static'),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.source.value, node.exportKind === 'type' ? 'type' : 'static');
    },
    TSImportType: (node) => add(node.source.value, 'type'),
    ImportExpression: (node) => {
      const specifier = literalText(node.source);
      if (specifier !== undefined) add(specifier, 'lazy');
    },
    NewExpression: (node) => {
      const [address] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || address === undefined) return;
      const specifier = address.type === 'SpreadElement' ? undefined : literalText(address);
      if (specifier !== undefined && /^\.{1,2}\/.*\.ts$/.test(specifier)) add(specifier, 'lazy');
    },
    CallExpression: (node) => {
      const marking = markingOf(node, text, commentLines);
      if (marking) markings.push(marking);
    },
  }).visit(program);

  const body = text.slice(program.hashbang?.end ?? 0).trimStart();
  const exportsFrom = program.body.filter(
    (node) => node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source !== null),
  );
  const others = program.body.filter((node) => node.type !== 'ImportDeclaration' && !exportsFrom.includes(node));
  return {
    path: file,
    imports,
    opensWithComment: body.startsWith('//') || body.startsWith('/*'),
    isBarrel: exportsFrom.length > 0 && others.length === 0,
    markings,
  };
}

function targetOf(file: string, specifier: string): string {
  return /^\.{1,2}\//.test(specifier) ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
}

function literalText(node: Expression): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

function markingOf(node: CallExpression, text: string, commentLines: ReadonlySet<number>): Marking | undefined {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return undefined;
  const word = callee.property.name;
  const object = rootName(callee.object);
  if (object === undefined || !MARKING_WORDS.has(word)) return undefined;
  const line = lineAt(text, node.start);
  if (TEST_WORDS.has(object)) {
    return { object, word, line, hasReason: commentLines.has(line) || commentLines.has(line - 1) };
  }
  if (CONTEXT_WORDS.has(object)) return { object, word, line, hasReason: node.arguments.length > 0 };
  return undefined;
}

/** `it` of `it.concurrent.for` */
function rootName(node: Expression): string | undefined {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'MemberExpression' ? rootName(node.object) : undefined;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
