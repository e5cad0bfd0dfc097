// Whether policies of a registry let somebody pull, by the rules of AWS: a Deny counts more than any Allow. Whoever is of another account
// needs the same from its own account; of that nothing is known here.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { Json } from '../canonical.ts';
import { isJsonObject, textsOf, type JsonObject } from './canonical-statement.ts';
import { allOf, evaluateCondition, isLike, type Certainty, type ConditionContext } from './evaluate-condition.ts';

/** Somebody who pulls: one principal, a whole account (its root), or anybody of an organization. */
export type Puller = { arn: string } | { organization: string } | { organizationPath: string };

export type Judgement = { answer: 'allowed' | 'denied' | 'unverifiable'; note?: string };

type Request = {
  who: Puller;
  actions: readonly string[];
  /** Its ARN. */
  resource: string;
  at: Date;
};

export type JudgedStatement = { label: string; content: JsonObject };

/** All actions have to be allowed. The statements are in canonical form, and of one repository, or of its registry. */
export function evaluatePolicy(statements: readonly JudgedStatement[], request: Request): Judgement {
  const each = request.actions.map((action) => judge(statements, action, request));
  return (
    each.find(({ answer }) => answer === 'denied') ??
    each.find(({ answer }) => answer === 'unverifiable') ??
    each[0] ?? { answer: 'denied' }
  );
}

/** Undefined for what is no account's: `*`, a service. */
export function accountOf(arn: string): string | undefined {
  return /^arn:[^:]+:(?:iam|sts)::(\d{12}):/.exec(arn)?.[1];
}

function judge(statements: readonly JudgedStatement[], action: string, request: Request): Judgement {
  const context = contextOf(request);
  const met = statements.map(({ label, content }) => ({
    label,
    content,
    meets: meets(content, action, request, context),
  }));
  const by = (effect: string, certainty: Certainty) =>
    met.find(({ content, meets: one }) => content['Effect'] === effect && one === certainty);
  const denied = by('Deny', 'yes');
  if (denied !== undefined) return { answer: 'denied', note: `${denied.label} denies ${action}` };
  const perhapsDenied = by('Deny', 'unknown');
  const allowed = by('Allow', 'yes');
  const perhapsAllowed = by('Allow', 'unknown');
  if (allowed === undefined && perhapsAllowed === undefined)
    return { answer: 'denied', note: `no statement allows ${action}` };
  if (perhapsDenied !== undefined)
    return {
      answer: 'unverifiable',
      note: `whether ${perhapsDenied.label} denies ${action} depends on what only AWS knows`,
    };
  if (allowed !== undefined) return { answer: 'allowed', note: `${allowed.label} allows it` };
  return {
    answer: 'unverifiable',
    note: `whether ${perhapsAllowed?.label} allows ${action} depends on what only AWS knows`,
  };
}

function meets(content: JsonObject, action: string, { who, resource }: Request, context: ConditionContext): Certainty {
  return allOf([
    listed(content, 'Action', (pattern) => isLike(action.toLowerCase(), pattern.toLowerCase())),
    content['Resource'] === undefined && content['NotResource'] === undefined
      ? 'yes'
      : listed(content, 'Resource', (pattern) => isLike(resource, pattern)),
    meetsPrincipal(content, who),
    evaluateCondition(content['Condition'], context),
  ]);
}

function listed(content: JsonObject, name: string, fits: (pattern: string) => boolean): Certainty {
  const others = content[`Not${name}`];
  if (others !== undefined) return textsOf(others).some(fits) ? 'no' : 'yes';
  return textsOf(content[name]).some(fits) ? 'yes' : 'no';
}

function meetsPrincipal(content: JsonObject, who: Puller): Certainty {
  if (content['NotPrincipal'] !== undefined) return 'unknown';
  const each = awsPrincipals(content['Principal']).map((principal) => isMeant(principal, who));
  if (each.includes('yes')) return 'yes';
  // a statement for one role of an account says nothing for the whole of it, but denies a part of it
  return each.includes('unknown') && content['Effect'] === 'Deny' ? 'unknown' : 'no';
}

export function awsPrincipals(principal: Json | undefined): string[] {
  return isJsonObject(principal) ? textsOf(principal['AWS']) : [];
}

function isMeant(principal: string, who: Puller): Certainty {
  if (principal === '*') return 'yes';
  if (!('arn' in who)) return 'unknown';
  if (principal === who.arn || isSessionOf(who.arn, principal)) return 'yes';
  if (accountOf(principal) === undefined || accountOf(principal) !== accountOf(who.arn)) return 'no';
  if (principal.endsWith(':root')) return 'yes';
  return who.arn.endsWith(':root') ? 'unknown' : 'no';
}

/** A session names its role without the path. */
function isSessionOf(arn: string, role: string): boolean {
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  const named = /^arn:([^:]+):iam::(\d{12}):role\/(?:.+\/)?([^/]+)$/.exec(role);
  return session !== null && named !== null && [1, 2, 3].every((part) => session[part] === named[part]);
}

/** ECR is asked by TLS only. */
function contextOf({ who, at }: Request): ConditionContext {
  const context = new Map<string, readonly string[]>([
    ['aws:currenttime', [at.toISOString()]],
    ['aws:securetransport', ['true']],
  ]);
  if ('organization' in who) context.set('aws:principalorgid', [who.organization]);
  else if ('organizationPath' in who) {
    context.set('aws:principalorgid', [who.organizationPath.split('/')[0] ?? '']);
    context.set('aws:principalorgpaths', [who.organizationPath.replace(/\*+$/, 'x/')]);
  } else {
    const account = accountOf(who.arn);
    if (account !== undefined) context.set('aws:principalaccount', [account]);
    if (!who.arn.endsWith(':root') && who.arn.includes(':iam:')) context.set('aws:principalarn', [who.arn]);
  }
  return context;
}
