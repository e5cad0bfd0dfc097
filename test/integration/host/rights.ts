// The roles of the functions are enough for all that the suite did, and nothing more: whatever is taken away, something of it is denied.
import { describe, expect, it } from 'vitest';
import { allowing, type IamStatement } from '../../support/aws/iam-policy.ts';
import { rolePolicies } from '../../support/aws/iam-roles.ts';
import { serviceNeeds } from '../../support/aws/iam-service-needs.ts';
import type { LambdaHost } from '../../support/hosts/lambda-host.ts';
import { REGION } from '../../support/hosts/scene.ts';

/** What a role may and the suite has no request for, each with its reason. */
const UNSEEN: Readonly<Record<string, string>> = {
  ...excused('a page of the history of a job is removed when it tells very much', 'Jobs dynamodb:BatchWriteItem', [
    'http-api',
    'mirror-image',
    'sync-mirrors',
    'refresh-credentials',
    'reconcile-grants',
    'give-access',
  ]),
  ...excused('a long journal of grants is summed up', 'Records dynamodb:BatchWriteItem', [
    'http-api',
    'reconcile-grants',
    'give-access',
  ]),
  ...excused('pushes are forgotten after weeks', 'Records dynamodb:BatchWriteItem', ['timers']),
  ...excused('nothing is pruned', 'Records dynamodb:BatchWriteItem', ['sync-mirrors']),
  ...excused('no job of it ends with a slice, or is tried again', 'Wake sqs:SendMessage', ['refresh-credentials']),
};

function excused(reason: string, what: string, functions: readonly string[]): Record<string, string> {
  return Object.fromEntries(functions.map((name) => [`${name} ${what}`, reason]));
}

export function describeRights(lambda: () => LambdaHost): void {
  const policies = () => [...rolePolicies(lambda().stack.context)];
  const recorded = () => {
    const { iam, stack } = lambda();
    for (const { caller, need } of serviceNeeds(stack.context, REGION)) iam.judge(caller, need);
    return iam.records();
  };
  const of = (caller: string) => recorded().filter((record) => record.caller === caller && record.isAllowed);

  describe('the rights of the functions', () => {
    it('are enough: nothing was denied', () => {
      expect(lambda().iam.strangers()).toEqual([]);
      const denied = recorded().filter(({ isAllowed }) => !isAllowed);
      const told = denied.map(({ caller, action, resource }) => `${caller}: ${action} on ${resource}`);
      expect(told).toEqual([]);
    });

    it('are not too much: every action of every statement was needed', () => {
      const unneeded = policies().flatMap(([caller, statements]) => {
        const records = of(caller);
        return statements.flatMap((statement) =>
          statement.actions
            .filter((action) => !records.some((need) => isBy({ ...statement, actions: [action] }, need)))
            .map((action) => `${caller} ${statement.sid} ${action}`),
        );
      });
      expect(unneeded.filter((one) => UNSEEN[one] === undefined)).toEqual([]);
      // and what is excused is still there to be excused
      expect(Object.keys(UNSEEN).filter((one) => !unneeded.includes(one))).toEqual([]);
    });

    it('cannot lose a statement: without it, something that was done is denied', () => {
      const idle = policies().flatMap(([caller, statements]) =>
        statements
          .filter((removed) => {
            const rest = statements.filter((one) => one !== removed);
            return of(caller).every((need) => allowing(rest, need).length > 0);
          })
          // excused is a statement that only allows what is
          .filter(({ sid, actions }) => actions.some((action) => UNSEEN[`${caller} ${sid} ${action}`] === undefined))
          .map(({ sid }) => `${caller} ${sid}`),
      );
      expect(idle).toEqual([]);
    });
  });
}

function isBy(statement: IamStatement, need: Parameters<typeof allowing>[1]): boolean {
  return allowing([statement], need).length > 0;
}
