// Bounds what the bodies of all requests together take of the memory: many large ones at once are told to come again.
import { Refusal, retryAfter } from './problem.ts';

export type BodyBudget = {
  /** @throws Refusal 503 where it is used up */
  take: (sizeBytes: number) => void;
  give: (sizeBytes: number) => void;
};

const BUDGET_BYTES = 64 * 1024 * 1024;
const RETRY_AFTER_MS = 2000;

export function createBodyBudget(budgetBytes = BUDGET_BYTES): BodyBudget {
  let takenBytes = 0;
  return {
    take(sizeBytes) {
      if (takenBytes + sizeBytes > budgetBytes) throw busy();
      takenBytes += sizeBytes;
    },
    give(sizeBytes) {
      takenBytes -= sizeBytes;
    },
  };
}

function busy(): Refusal {
  return new Refusal({
    status: 503,
    code: 'unavailable',
    detail: 'too many large bodies come in at once',
    headers: retryAfter(RETRY_AFTER_MS),
  });
}
