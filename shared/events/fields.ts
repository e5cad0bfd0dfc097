// The parts that the schemas of senders are made of. They are loose: a field that is missing or of a wrong type becomes
// null, what nobody asked for is left behind, and no body makes them fail.
import * as z from 'zod';

/** Entries of one envelope that are read. */
const MAX_ENTRIES = 5_000;
const MAX_TEXT_LENGTH = 1_024;

/** Text, also empty text. */
export const anyText = z.string().max(MAX_TEXT_LENGTH).nullable().catch(null);

/** Text; empty text is none. */
export const text = anyText.transform((value) => (value === '' ? null : value));

/** A time as senders write it: text, or a number of seconds. */
export const time = z
  .union([z.string().min(1).max(100), z.number()])
  .nullable()
  .catch(null);

/** Any value, for another schema to read; null where there is none. */
export const anything = z.unknown().default(null);

/** An object; anything else counts as one without fields. */
export function record<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => (isRecord(value) ? value : {}), z.object(shape));
}

/** An object, or null for anything else. */
export function optionalRecord<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => (isRecord(value) ? value : null), z.object(shape).nullable());
}

/** The objects of a list; anything else is an empty one. */
export function records<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => entriesOf(value).filter(isRecord), z.array(z.object(shape)));
}

/** A list of texts; what is no text is null in its place. */
export const texts = z.preprocess(entriesOf, z.array(text));

/** The entries of a list, as many as are read; none for anything else. */
export function entriesOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : [];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
