// Who may write at a target. A hold ends by its time, which its condition compares: nothing that the table removes by itself decides.
import type { GrantStore } from '../../../../shared/grants/grant-store.ts';
import type { Clock } from '../../../../shared/jobs/clock.ts';
import { n, s } from '../../dynamo/attributes.ts';
import type { TableAccess } from '../../dynamo/table-access.ts';
import { holdKey } from '../keys.ts';

export function holds(table: TableAccess, clock: Clock): Pick<GrantStore, 'hold' | 'release'> {
  const TableName = table.name;
  return {
    async hold(target, holder, leaseMs) {
      const now = clock.now().getTime();
      const Put = {
        TableName,
        Item: { ...holdKey(target), holder: s(holder), heldUntil: n(now + leaseMs) },
        ConditionExpression: 'attribute_not_exists(pk) OR holder = :holder OR heldUntil <= :now',
        ExpressionAttributeValues: { ':holder': s(holder), ':now': n(now) },
      };
      return (await table.commit([{ Put }])) === undefined;
    },
    async release(target, holder) {
      const Delete = {
        TableName,
        Key: holdKey(target),
        ConditionExpression: 'holder = :holder',
        ExpressionAttributeValues: { ':holder': s(holder) },
      };
      // refused: somebody else has it by now
      await table.commit([{ Delete }]);
    },
  };
}
