// Reads the body of a request up to a limit, and not a byte more than it takes to know that it is longer. What is kept of it counts
// against the budget of the process as it arrives: who only announces a lot takes nothing from the others.
import type { BodyBudget } from './body-budget.ts';
import { Refusal } from './problem.ts';

/** Up to this size a body does not count: the number of connections bounds them, and to read it in one piece costs half as much. */
const SMALL_BYTES = 16 * 1024;

type BodyLimits = { limitBytes: number; budget: BodyBudget };

/**
 * Hands the whole body to the work, undefined for one of more than `limitBytes`, whose rest is not read. It counts until the work is done.
 * @throws Refusal 400 where the client went in the middle of it, 503 where there is no room for it now; and what the work throws
 */
export async function withBytes<Result>(
  request: Request,
  { limitBytes, budget }: BodyLimits,
  work: (bytes: Uint8Array | undefined) => Promise<Result>,
): Promise<Result> {
  const body = gather(budget, limitBytes);
  try {
    return await work((await pour(request, limitBytes, body.add)) ? body.bytes() : undefined);
  } finally {
    body.release();
  }
}

/** Lets the body pass by without keeping it: false for one of more than `limitBytes`. @throws Refusal like `withBytes` */
export function passBytes(
  request: Request,
  { limitBytes, budget }: BodyLimits,
  hear: (chunk: Uint8Array) => void,
): Promise<boolean> {
  return pour(request, limitBytes, (chunk, isWhole) => {
    // refused when others would be
    if (!isWhole) budget.take(chunk.byteLength);
    hear(chunk);
    if (!isWhole) budget.give(chunk.byteLength);
  });
}

type Add = (chunk: Uint8Array, isWhole: boolean) => void;

/** False as soon as there is more than the limit. */
async function pour(request: Request, limitBytes: number, add: Add): Promise<boolean> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > limitBytes) return false;
  try {
    // the host lets no body be longer than it announced
    if (announced !== null && Number(announced) <= SMALL_BYTES && !request.headers.has('transfer-encoding')) {
      const whole = new Uint8Array(await request.arrayBuffer());
      if (whole.byteLength > limitBytes) return false;
      add(whole, true);
      return true;
    }
    let sizeBytes = 0;
    for await (const chunk of request.body ?? []) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limitBytes) return false;
      add(chunk, false);
    }
    return true;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal({ status: 400, code: 'invalid-request', detail: 'the body was cut off' });
  }
}

/** In one piece that grows: kept one by one, chunks of a byte would take a hundred times their size. */
function gather(budget: BodyBudget, limitBytes: number) {
  let kept: Uint8Array = new Uint8Array();
  let sizeBytes = 0;
  let takenBytes = 0;

  function grow(needed: number): void {
    const capacity = Math.min(limitBytes, Math.max(needed, 2 * kept.byteLength, SMALL_BYTES));
    budget.take(capacity - takenBytes);
    takenBytes = capacity;
    const larger = new Uint8Array(capacity);
    larger.set(kept.subarray(0, sizeBytes));
    kept = larger;
  }

  return {
    add: (chunk: Uint8Array, isWhole: boolean): void => {
      const needed = sizeBytes + chunk.byteLength;
      if (isWhole) kept = chunk;
      else {
        if (needed > kept.byteLength) grow(needed);
        kept.set(chunk, sizeBytes);
      }
      sizeBytes = needed;
    },
    bytes: () => kept.subarray(0, sizeBytes),
    release: () => budget.give(takenBytes),
  };
}
