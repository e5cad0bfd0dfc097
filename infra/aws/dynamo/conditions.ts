// The conditions that decide who writes, by name. All of them ask for what is there when they fail, so that nobody reads twice.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
import { n, type Item } from './attributes.ts';

type Condition = {
  ConditionExpression: string;
  ExpressionAttributeValues?: Item;
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD';
};

const TELL = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** Nothing is there: a new job, a key that nobody used, a target that nobody holds. */
export const ABSENT: Condition = { ConditionExpression: 'attribute_not_exists(pk)', ...TELL };

/** It is still there. */
export const PRESENT: Condition = { ConditionExpression: 'attribute_exists(pk)', ...TELL };

/** Nobody has counted yet: it is not there, or is of an earlier version that did not count all. */
export const UNCOUNTED: Condition = { ConditionExpression: 'attribute_not_exists(rev)', ...TELL };

/**
 * It is as it was when it was read. For a job this says more than "LEASED with this fence": the move was made from exactly this state, and
 * a claim, a sweep or a cancellation in between refuses it.
 */
export function unchanged(rev: number): Condition {
  return { ConditionExpression: 'rev = :seen', ExpressionAttributeValues: { ':seen': n(rev) }, ...TELL };
}
