// Reads members out of JSON that an API server sent, each with its type; what is absent or null is undefined.
import { TransshipError } from '../errors.ts';
import type { ApiObject } from './cluster.ts';

export function isObject(value: unknown): value is ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member; `null`, which Go programs write for what is empty, counts as absent. */
export function fieldOf(object: ApiObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

/** @throws TransshipError invalid-response */
export function readObject(object: ApiObject, name: string): ApiObject | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || isObject(value)) return value;
  throw unexpected(`${name} is not an object`);
}

/** @throws TransshipError invalid-response */
export function readText(object: ApiObject, name: string): string | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || typeof value === 'string') return value;
  throw unexpected(`${name} is not text`);
}

/** @throws TransshipError invalid-response */
export function requireText(object: ApiObject, name: string): string {
  const text = readText(object, name);
  if (text !== undefined && text !== '') return text;
  throw unexpected(`${name} is missing`);
}

/** @throws TransshipError invalid-response */
export function readObjects(object: ApiObject, name: string): ApiObject[] {
  const value = fieldOf(object, name) ?? [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw unexpected(`${name} is not a list of objects`);
}

/** A map of texts, as labels and annotations are. @throws TransshipError invalid-response */
export function readTexts(object: ApiObject, name: string): Record<string, string> {
  const entries = Object.entries(readObject(object, name) ?? {});
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts.length === entries.length) return Object.fromEntries(texts);
  throw unexpected(`${name} has values that are not text`);
}

/** What is absent is empty. @throws TransshipError invalid-response */
export function readTextList(object: ApiObject, name: string): string[] {
  const value = fieldOf(object, name) ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw unexpected(`${name} is not a list of texts`);
}

/** A map of lists of texts. @throws TransshipError invalid-response */
export function readTextLists(object: ApiObject, name: string): Record<string, string[]> {
  const lists = readObject(object, name) ?? {};
  return Object.fromEntries(Object.keys(lists).map((key) => [key, readTextList(lists, key)]));
}

/** @throws TransshipError invalid-response */
export function readDate(object: ApiObject, name: string): Date | undefined {
  const text = readText(object, name);
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw unexpected(`${name} is not a time`);
}

export function unexpected(what: string): TransshipError {
  return new TransshipError('invalid-response', `the API server sent an object that is none of Kubernetes: ${what}`, {
    hint: 'look at what stands between here and the API server: a proxy may answer in its place',
  });
}
