// Tells by the policies, as they were read back, whether those whom a statement of ours names may pull.
import { parseEcrHost } from '../../registries/ecr-host.ts';
import type { Verification } from '../backend.ts';
import type { Json } from '../canonical.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';
import {
  accountOf,
  awsPrincipals,
  evaluatePolicy,
  type JudgedStatement,
  type Judgement,
  type Puller,
} from './evaluate-policy.ts';

type Question = {
  host: string;
  /** Of the entry, in canonical form. */
  content: Json;
  statements: readonly JudgedStatement[];
  /** ARNs of what is pulled from. */
  resources: readonly string[];
  expected: 'allowed' | 'denied';
  at: Date;
};

/** Everybody whom the entry names has to get the answer that is expected. */
export function judgeEntry({ host, content, statements, resources, expected, at }: Question): Omit<Verification, 'at'> {
  const method = 'policy-evaluation';
  if (!isJsonObject(content)) return { method, answer: 'unverifiable', note: 'it is no statement' };
  const own = parseEcrHost(host)?.account;
  const actions = textsOf(content['Action']);
  const answers = pullersOf(content).flatMap((who) =>
    resources.map((resource) => ({ who, ...judged(statements, { who, actions, resource, at }, own) })),
  );
  const worst =
    answers.find(({ answer }) => answer !== expected && answer !== 'unverifiable') ??
    answers.find(({ answer }) => answer === 'unverifiable') ??
    answers[0];
  if (worst === undefined) return { method, answer: 'unverifiable', note: 'the statement names nobody' };
  return { method, answer: worst.answer, note: `${nameOf(worst.who)}: ${worst.note ?? worst.answer}` };
}

function judged(
  statements: readonly JudgedStatement[],
  request: Parameters<typeof evaluatePolicy>[1],
  own: string | undefined,
): Judgement {
  const judgement = evaluatePolicy(statements, request);
  const account = 'arn' in request.who ? accountOf(request.who.arn) : undefined;
  if (judgement.answer === 'allowed' && account !== own)
    return { ...judgement, note: `${judgement.note}; its own account has to allow it as well` };
  // of its own account a policy of the principal suffices; a Deny counts all the same
  if (
    judgement.answer === 'denied' &&
    account !== undefined &&
    account === own &&
    !judgement.note?.includes(' denies ')
  )
    return { answer: 'unverifiable', note: `${judgement.note}, but in the same account a policy of the principal may` };
  return judgement;
}

function pullersOf(content: { readonly [key: string]: Json | undefined }): Puller[] {
  const arns = awsPrincipals(content['Principal']);
  if (!arns.includes('*')) return arns.map((arn) => ({ arn }));
  const condition = isJsonObject(content['Condition']) ? content['Condition'] : {};
  const valuesOf = (operator: string, key: string): string[] => {
    const keys = condition[operator];
    return isJsonObject(keys) ? textsOf(keys[key]) : [];
  };
  const organizations = valuesOf('StringEquals', 'aws:PrincipalOrgID').map((organization) => ({ organization }));
  const paths = valuesOf('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths').map((organizationPath) => ({
    organizationPath,
  }));
  const all = [...organizations, ...paths];
  return all.length === 0 ? [{ arn: '*' }] : all;
}

function nameOf(who: Puller): string {
  if ('organization' in who) return `organization ${who.organization}`;
  return 'organizationPath' in who ? who.organizationPath : who.arn;
}
