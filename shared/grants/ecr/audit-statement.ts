// What one statement of a policy means for pulls: who, until when, and whose it is.
import type { AuditFinding } from '../audit-finding.ts';
import type { Grantee, PullPart } from '../grant.ts';
import type { Target } from '../site.ts';
import { isJsonObject, textsOf, type JsonObject } from './canonical-statement.ts';
import { deadPrincipals } from './dead-principals.ts';
import { isLike } from './evaluate-condition.ts';
import type { PolicyEntry } from './policy-document.ts';

type Audited = {
  target: Target;
  entry: PolicyEntry;
  /** The labels of statements beside it that deny. */
  denials: readonly string[];
};

/** Without one of these there is no pull. */
const PULL = ['ecr:batchgetimage', 'ecr:getdownloadurlforlayer'];
const READS = new Set(['ecr:batchchecklayeravailability', 'ecr:describeimages', 'ecr:listimages', ...PULL]);

/** Lambda puts it there for images of its functions: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions */
const PLATFORM_SID = 'LambdaECRImageRetrievalPolicy';

/** Undefined where it lets nobody pull. */
export function auditStatement({ target, entry, denials }: Audited): AuditFinding | undefined {
  const { statement, isOurs, label } = entry;
  const { content, sid } = statement;
  if (content['Effect'] !== 'Allow' || !letsPull(content)) return undefined;
  const meant = readConditions(content['Condition']);
  const resources = resourcesOf(target, content);
  const excess = excessOf(content, meant, resources);
  const flags = [
    ...excess,
    ...deadPrincipals(statement).map((principal) => `dead principal ${principal}`),
    ...meant.unknown.map((condition) => `only under a condition: ${condition}`),
    ...denials.map((other) => `a Deny stands beside it: ${other}`),
  ];
  const grantees = flags.length === denials.length ? granteesOf(content, meant) : undefined;
  const found = {
    target,
    object: label,
    who: whoOf(content, meant),
    what: resources.includes('**') ? 'every repository' : resources.join(', '),
    ...(meant.until === undefined ? {} : { until: meant.until }),
    flags,
    ...(meant.unknown.length + denials.length === 0 && content['NotPrincipal'] === undefined
      ? {}
      : { isUncertain: true as const }),
  };
  if (isOurs) return { ...found, class: 'ours' };
  if (sid === PLATFORM_SID) return { ...found, class: 'platform' };
  if (excess.length > 0) return { ...found, class: 'over-broad' };
  if (grantees === undefined) return { ...found, class: 'foreign' };
  const isListed = textsOf(content['Action']).includes('ecr:ListImages');
  const what = resources.map((pattern) => partOf(target, pattern, isListed));
  return { ...found, class: 'adoptable', asGrant: { grantees, what } };
}

/** What no grant should say without need. */
function excessOf(content: JsonObject, { organizations }: Conditions, resources: readonly string[]): string[] {
  const actions = textsOf(content['Action']);
  const more = actions.filter((action) => !action.includes('*') && !READS.has(action.toLowerCase()));
  const isEverybody = textsOf(principalsOf(content)['AWS']).includes('*') && organizations.length === 0;
  return [
    ...(isEverybody ? ['everybody: "Principal":"*"'] : []),
    ...(resources.includes('**') ? ['every repository'] : []),
    ...actions.filter((action) => action.includes('*')).map((action) => `wildcard action ${action}`),
    ...(content['NotAction'] === undefined ? [] : ['NotAction: all but those named']),
    ...(content['NotPrincipal'] === undefined ? [] : ['NotPrincipal: everybody but those named']),
    ...(more.length === 0 ? [] : [`more than pulling: ${more.join(', ')}`]),
  ];
}

function letsPull(content: JsonObject): boolean {
  const others = content['NotAction'];
  const covers = (list: readonly string[], action: string) =>
    list.some((pattern) => isLike(action, pattern.toLowerCase()));
  return PULL.some((action) =>
    others === undefined ? covers(textsOf(content['Action']), action) : !covers(textsOf(others), action),
  );
}

function principalsOf(content: JsonObject): JsonObject {
  const principal = content['Principal'] ?? content['NotPrincipal'];
  return isJsonObject(principal) ? principal : {};
}

type Conditions = { organizations: string[]; paths: string[]; until?: string; unknown: string[] };

function readConditions(condition: JsonObject[string]): Conditions {
  const read: Conditions = { organizations: [], paths: [], unknown: [] };
  if (!isJsonObject(condition)) return read;
  for (const [operator, keys] of Object.entries(condition)) {
    for (const [key, value] of Object.entries(isJsonObject(keys) ? keys : {})) {
      const values = textsOf(value);
      const name = `${operator} ${key}`;
      if (name === 'StringEquals aws:PrincipalOrgID') read.organizations.push(...values);
      else if (/^ForAnyValue:String(?:Like|Equals) aws:PrincipalOrgPaths$/.test(name)) {
        read.paths.push(...values);
        read.organizations.push(...values.map((path) => path.split('/')[0] ?? ''));
      } else if (name === 'DateLessThan aws:CurrentTime') read.until = values.at(-1) ?? '';
      else read.unknown.push(name);
    }
  }
  return read;
}

/** Undefined where a grant cannot say it. */
function granteesOf(content: JsonObject, { organizations, paths }: Conditions): Grantee[] | undefined {
  const principal = principalsOf(content);
  const arns = textsOf(principal['AWS']);
  if (Object.keys(principal).some((kind) => kind !== 'AWS') || arns.length === 0) return undefined;
  if (arns.includes('*')) {
    if (arns.length > 1 || organizations.length === 0) return undefined;
    if (paths.length === 0) return organizations.map((id) => ({ kind: 'AwsOrganization', id }));
    return [...new Set(organizations)].map((id) => ({
      kind: 'AwsOrganization',
      id,
      paths: paths.filter((path) => path.startsWith(`${id}/`)),
    }));
  }
  if (organizations.length > 0) return undefined;
  return arns.map((arn) => {
    const id = /:iam::(\d{12}):root$/.exec(arn)?.[1];
    return id === undefined ? { kind: 'AwsPrincipal', arn } : { kind: 'AwsAccount', id };
  });
}

function whoOf(content: JsonObject, { organizations, paths }: Conditions): string[] {
  const principal = principalsOf(content);
  const but = content['NotPrincipal'] === undefined ? '' : 'everybody but ';
  const everybody = [...(paths.length === 0 ? organizations : paths)].map((one) => `everybody of organization ${one}`);
  return Object.entries(principal).flatMap(([kind, value]) =>
    textsOf(value).flatMap((one) => {
      if (kind !== 'AWS') return [`${but}${kind.toLowerCase()} ${one}`];
      if (one === '*') return everybody.length === 0 ? ['everybody'] : everybody;
      const account = /:iam::(\d{12}):root$/.exec(one)?.[1];
      return [account === undefined ? `${but}${one}` : `${but}account ${account}`];
    }),
  );
}

/** As patterns of grants. */
function resourcesOf({ place }: Target, content: JsonObject): string[] {
  if (place !== '') return [place];
  return textsOf(content['Resource']).map((arn) => {
    const pattern = /^(?:\*|[^/]*:repository\/(.*))$/.exec(arn)?.[1] ?? '*';
    return pattern.replace(/\*+$/, '**');
  });
}

function partOf({ host }: Target, pattern: string, isListed: boolean): PullPart {
  return { registry: host, what: { kind: 'repository', pattern }, actions: isListed ? ['pull', 'list'] : ['pull'] };
}
