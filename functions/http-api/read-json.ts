// Reads the JSON body of a request of the API: its type, its size, its form. What is in it is for the schema.
import { parseJson } from '../../shared/events/read-body.ts';
import { baseType } from '../../shared/oci/media-types.ts';
import { Refusal } from './problem.ts';
import type { BodyBudget } from './body-budget.ts';
import { withBytes } from './read-bytes.ts';

const MAX_BODY_BYTES = 256 * 1024;

/** @throws Refusal 400, 413, 415, 503 */
export async function readJson(request: Request, budget: BodyBudget): Promise<unknown> {
  const type = baseType(request.headers.get('content-type') ?? undefined);
  if (type !== 'application/json' || request.headers.has('content-encoding')) {
    throw new Refusal({
      status: 415,
      code: 'unsupported-media-type',
      detail: 'the body must be JSON, not encoded any further',
      hint: 'send content-type: application/json',
    });
  }
  return withBytes(request, { limitBytes: MAX_BODY_BYTES, budget }, async (bytes) => readText(bytes));
}

function readText(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) {
    throw new Refusal({
      status: 413,
      code: 'body-too-large',
      detail: `the body is larger than ${MAX_BODY_BYTES} bytes`,
    });
  }
  const value = parseJson(bytes);
  if (value === undefined) {
    throw new Refusal({
      status: 400,
      code: 'invalid-json',
      detail: 'the body is no JSON in UTF-8 of at most 32 levels',
    });
  }
  return value;
}
