// Puts statements where IAM has room for them: into the role itself, and what does not fit there into policies beside it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
import { TransshipError } from '../../../shared/errors.ts';
import type { Statement } from './calls/statement.ts';

/** Of 10,240 characters without white space, of all inline policies of a role; conditional ones need a part. */
const INLINE_CHARACTERS = 9000;
/** Of 6,144. */
const POLICY_CHARACTERS = 5800;
/** Of 10, one of which is for the VPC. */
const MOST_POLICIES = 9;
/** What CloudFormation puts in place of a function. */
const RESOLVED_CHARACTERS = 150;

/** The first part goes into the role; each of the others is a policy of its own. @throws TransshipError invalid-config */
export function placed(name: string, own: readonly Statement[], derived: readonly Statement[]): Statement[][] {
  const all = [...own, ...derived];
  if (sizeOf(all) <= INLINE_CHARACTERS) return [all];
  const pieces = derived.flatMap(split);
  const policies: Statement[][] = [];
  for (const piece of pieces) {
    const last = policies.at(-1);
    if (last !== undefined && sizeOf([...last, piece]) <= POLICY_CHARACTERS) last.push(piece);
    else policies.push([piece]);
  }
  if (policies.length > MOST_POLICIES) throw tooMany(name, derived);
  return [[...own], ...policies.map(numbered)];
}

/** A statement about very many resources as several. */
function split(statement: Statement): Statement[] {
  if (sizeOf([statement]) <= POLICY_CHARACTERS) return [statement];
  const half = Math.ceil(statement.Resource.length / 2);
  return [
    ...split({ ...statement, Resource: statement.Resource.slice(0, half) }),
    ...split({ ...statement, Resource: statement.Resource.slice(half) }),
  ];
}

/** No two statements of a policy have the same id. */
function numbered(statements: readonly Statement[]): Statement[] {
  return statements.map((one, index) => {
    const isRepeated = statements.slice(0, index).some(({ Sid }) => Sid === one.Sid);
    return isRepeated ? { ...one, Sid: `${one.Sid}${index}` } : one;
  });
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  if (Array.isArray(value)) return value.reduce((sum: number, one: unknown) => sum + sizeOf(one) + 1, 2);
  const entries = Object.entries(value);
  if (entries.some(([key]) => key === 'Ref' || key.startsWith('Fn::'))) return RESOLVED_CHARACTERS;
  return entries.reduce((sum, [key, one]) => sum + key.length + sizeOf(one) + 4, 2);
}

function tooMany(name: string, statements: readonly Statement[]): TransshipError {
  const resources = statements.reduce((sum, { Resource }) => sum + Resource.length, 0);
  return new TransshipError(
    'invalid-config',
    `the role of ${name} would need ${resources} resources in its policies, more than IAM has room for`,
    {
      hint: 'give repositories of the same rules a common prefix (to: …/mirror/{repository}), or assume a role: credential: { aws: { roleArn } }',
    },
  );
}
