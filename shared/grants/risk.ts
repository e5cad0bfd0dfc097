// Whether more or less may be pulled after an update, told from what stood there and what will. It knows no back end's words: where it
// cannot tell, it says that more may be.
import { type Json, canonicalText } from './canonical.ts';
import type { Risk } from './grant-change.ts';

type Record = { readonly [key: string]: Json | undefined };

/** A moment in a condition, as policies and expressions write it. */
const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

export function riskOf(before: Json, after: Json): Risk {
  return worst(differences(before, after, false));
}

/** @param restricts within a condition: what comes to it, narrows */
function differences(before: Json, after: Json, restricts: boolean): Risk[] {
  if (canonicalText(before) === canonicalText(after)) return [];
  if (isList(before) && isList(after)) return restricts ? ['widen'] : listDifferences(before, after);
  if (isRecord(before) && isRecord(after)) return memberDifferences(before, after, restricts);
  return [momentDifference(before, after)];
}

/** Lists name who and what: their order means nothing. */
function listDifferences(before: readonly Json[], after: readonly Json[]): Risk[] {
  const was = new Set(before.map(canonicalText));
  const will = new Set(after.map(canonicalText));
  return [
    ...(will.isSubsetOf(was) ? [] : (['widen'] as const)),
    ...(was.isSubsetOf(will) ? [] : (['narrow'] as const)),
  ];
}

function memberDifferences(before: Record, after: Record, restricts: boolean): Risk[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const was = before[name];
    const will = after[name];
    const isCondition = restricts || /^condition/i.test(name);
    if (was === undefined) return will === undefined ? [] : [isCondition ? ('narrow' as const) : ('widen' as const)];
    if (will === undefined) return ['widen' as const];
    return differences(was, will, isCondition);
  });
}

/** The same text with an earlier moment in it ends earlier. */
function momentDifference(before: Json, after: Json): Risk {
  if (typeof before !== 'string' || typeof after !== 'string') return 'widen';
  const [was, ...others] = before.match(MOMENT) ?? [];
  const [will] = after.match(MOMENT) ?? [];
  const isSame = others.length === 0 && before.replace(MOMENT, '') === after.replace(MOMENT, '');
  if (was === undefined || will === undefined || !isSame) return 'widen';
  return Date.parse(will) < Date.parse(was) ? 'narrow' : 'widen';
}

function worst(risks: readonly Risk[]): Risk {
  if (risks.includes('widen')) return 'widen';
  return risks.includes('narrow') ? 'narrow' : 'same';
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isRecord(value: Json): value is Record {
  return typeof value === 'object' && value !== null && !isList(value);
}
