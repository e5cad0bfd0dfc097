// Checks parameters and bodies by their schema, and says of each mistake where it is.
import type * as z from 'zod';
import { printable } from '../../shared/telemetry/printable.ts';
import { Refusal } from './problem.ts';

type Issue = z.core.$ZodIssue;
type Place = { detail: string; path: readonly PropertyKey[] };

const MAX_ERRORS = 20;

/** @throws Refusal 422 that names the parameters */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw invalid('a parameter is wrong', error, ({ detail, path }) => ({
    detail,
    parameter: path.map(String).join('.'),
  }));
}

/** @throws Refusal 422 with JSON pointers */
export function parseBody<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw invalid('the body is wrong', error, ({ detail, path }) => ({ detail, pointer: pointerTo(path) }));
}

/** The same for what only more than a schema can tell. */
export function invalidBody(detail: string, path: readonly PropertyKey[], hint?: string): Refusal {
  return new Refusal({
    status: 422,
    code: 'invalid-request',
    detail: 'the body is wrong',
    ...(hint === undefined ? {} : { hint }),
    errors: [{ detail: printable(detail), pointer: pointerTo(path) }],
  });
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')));
  return ['#', ...parts].join('/');
}

function invalid(
  detail: string,
  { issues }: z.ZodError,
  toError: (place: Place) => { detail: string; pointer?: string; parameter?: string },
): Refusal {
  const errors = issues.flatMap((issue) => placesOf(issue, [])).map(toError);
  return new Refusal({ status: 422, code: 'invalid-request', detail, errors: errors.slice(0, MAX_ERRORS) });
}

/** Of alternatives the mistakes of that one which comes closest. */
function placesOf(issue: Issue, base: readonly PropertyKey[]): Place[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ detail: 'it is not known', path: [...path, printable(key, 100)] }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const [closest = []] = issue.errors.toSorted((one, other) => one.length - other.length);
    return closest.flatMap((inner) => placesOf(inner, path));
  }
  return [{ detail: printable(issue.message), path }];
}
