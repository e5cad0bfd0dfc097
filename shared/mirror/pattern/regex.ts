// Matches regular expressions in time proportional to the text: all ways through the expression are followed at once, so that
// no expression of a user can hold the process up, as a backtracking engine can be. https://swtch.com/~rsc/regexp/regexp1.html
import { TransshipError } from '../../errors.ts';
import { parseRegex, type CharacterTest, type RegexNode } from './regex-syntax.ts';

/** One step of the compiled expression; `next` and `other` are indexes of steps. */
type Step =
  | { kind: 'character'; test: CharacterTest; next: number }
  | { kind: 'start' | 'end'; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'match' };

const MAX_STEPS = 10_000;

/** A test of whether the expression matches anywhere in a text. @throws TransshipError invalid-config */
export function compileRegex(expression: string, flags = ''): (text: string) => boolean {
  const steps: Step[] = [{ kind: 'match' }];
  const first = compile(steps, parseRegex(expression, flags), 0);
  return (text) => matches(steps, first, text);
}

/** Appends the steps of a node, which go on at `next`, and returns where they begin. Built from the end to the beginning. */
function compile(steps: Step[], node: RegexNode, next: number): number {
  if (node.kind === 'sequence') return node.parts.reduceRight((end, part) => compile(steps, part, end), next);
  if (node.kind === 'choice') {
    const [last, ...others] = node.parts.map((part) => compile(steps, part, next)).reverse();
    return others.reduce((other, begin) => add(steps, { kind: 'split', next: begin, other }), last ?? next);
  }
  if (node.kind === 'repeat') return compileRepeat(steps, node, next);
  return add(steps, node.kind === 'character' ? { ...node, next } : { kind: node.kind, next });
}

function compileRepeat(steps: Step[], node: Extract<RegexNode, { kind: 'repeat' }>, next: number): number {
  let begin = next;
  if (node.max === Infinity) {
    const loop: Step = { kind: 'split', next, other: next };
    begin = add(steps, loop);
    loop.next = compile(steps, node.part, begin);
  } else {
    for (let left = node.max - node.min; left > 0; left--) {
      begin = add(steps, { kind: 'split', next: compile(steps, node.part, begin), other: next });
    }
  }
  for (let left = node.min; left > 0; left--) begin = compile(steps, node.part, begin);
  return begin;
}

function add(steps: Step[], step: Step): number {
  if (steps.length >= MAX_STEPS) {
    throw new TransshipError('invalid-config', 'it is too large', { hint: 'use fewer or smaller {min,max}' });
  }
  return steps.push(step) - 1;
}

function matches(steps: readonly Step[], first: number, text: string): boolean {
  let current = new Set<number>();
  for (let position = 0; ; position++) {
    if (follow(steps, current, first, { position, length: text.length })) return true;
    if (position === text.length) return false;
    const reached = new Set<number>();
    const code = text.charCodeAt(position);
    for (const index of current) {
      const step = steps[index];
      if (step?.kind !== 'character' || !step.test(code)) continue;
      if (follow(steps, reached, step.next, { position: position + 1, length: text.length })) return true;
    }
    current = reached;
  }
}

/** Adds what can be reached from a step without reading a character; true if that is the end of the expression. */
function follow(
  steps: readonly Step[],
  reached: Set<number>,
  from: number,
  { position, length }: { position: number; length: number },
): boolean {
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const step = steps[index];
    if (step?.kind === 'match') return true;
    if (step?.kind === 'split') open.push(step.other, step.next);
    if (step?.kind === 'start' && position === 0) open.push(step.next);
    if (step?.kind === 'end' && position === length) open.push(step.next);
  }
  return false;
}
