// A policy of a repository or registry as its statements. What is not ours is kept as it stood in the text, byte for byte, with the
// members beside the statements (a Version of 2008 means something else); only in a policy that would not fit, the space between the
// signs of others goes, as AWS drops or adds it on its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
import { TransshipError } from '../../errors.ts';
import { canonicalText, hash16, type Json } from '../canonical.ts';
import { toPlain } from '../plain.ts';
import { canonicalStatement, isJsonObject, type JsonObject } from './canonical-statement.ts';
import { memberOf, slicesOf, withoutSpace } from './json-slices.ts';
import { isMarkOf } from './statement-mark.ts';

export type PolicyStatement = {
  /** As it stands in the policy. */
  text: string;
  sid?: string;
  /** In canonical form, without the Sid. */
  content: JsonObject;
};

export type PolicyDocument = {
  /** The members before and behind the statements, each with its name. */
  before: readonly string[];
  statements: readonly PolicyStatement[];
  after: readonly string[];
};

/** A statement as an entry of its target. */
export type PolicyEntry = { key: string; isOurs: boolean; label: string; statement: PolicyStatement };

/** In characters. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html */
export const LONGEST_POLICY = 10_240;

export const EMPTY_POLICY: PolicyDocument = { before: ['"Version":"2012-10-17"'], statements: [], after: [] };

/** @throws TransshipError invalid-response */
export function parsePolicy(text: string, { partition, what }: { partition: string; what: string }): PolicyDocument {
  if (!isJsonObject(parsed(text, what))) throw unreadable(what, 'it is no JSON object');
  const members = slicesOf(text).map((slice) => ({ slice, ...memberOf(slice) }));
  const at = members.findIndex(({ name }) => name === 'Statement');
  const value = members[at]?.text;
  if (value === undefined || members.some(({ name }, index) => name === 'Statement' && index !== at)) {
    throw unreadable(what, 'it has not exactly one member Statement');
  }
  const texts = value.startsWith('[') ? slicesOf(value) : [value];
  return {
    before: members.slice(0, at).map(({ slice }) => slice),
    statements: texts.map((one) => toStatement(one, partition, what)),
    after: members.slice(at + 1).map(({ slice }) => slice),
  };
}

/** A statement of ours. @param content in canonical form */
export function ownStatement(sid: string, content: JsonObject): PolicyStatement {
  return {
    text: JSON.stringify({ Sid: sid, ...content, Principal: shortPrincipal(content['Principal']) }),
    sid,
    content,
  };
}

/** Undefined without a statement: AWS takes no empty policy. */
export function renderPolicy({ before, statements, after }: PolicyDocument): string | undefined {
  if (statements.length === 0) return undefined;
  const text = (list: readonly PolicyStatement[]): string =>
    `{${[...before, `"Statement":[${list.map((one) => one.text).join(',')}]`, ...after].join(',')}}`;
  const whole = text(statements);
  return whole.length <= LONGEST_POLICY ? whole : withoutSpace(whole);
}

/** Its statements by keys that no two of them share: the Sid, or the hash of what it says. */
export function policyEntries({ statements }: PolicyDocument, instance: string): PolicyEntry[] {
  const seen = new Map<string, number>();
  return statements.map((statement) => {
    const { sid, content } = statement;
    const name = sid ?? `statement ${hash16(canonicalText(content))}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return {
      key: count === 1 ? name : `${name}#${count}`,
      isOurs: sid !== undefined && isMarkOf(sid, instance),
      label: sid === undefined ? 'statement without a Sid' : `Sid ${sid}`,
      statement,
    };
  });
}

/** What the statement means, with its Sid. */
export function meaningOf({ sid, content }: PolicyStatement): string {
  return canonicalText({ ...content, ...(sid === undefined ? {} : { Sid: sid }) });
}

/** The same for policies that mean the same, in whatever order and words. */
export function policyRevision(document: PolicyDocument): string {
  const { before, statements, after } = document;
  return hash16([...before, ...after, ...statements.map(meaningOf)].map(withoutSpace).toSorted().join('\n'));
}

function toStatement(text: string, partition: string, what: string): PolicyStatement {
  const value = parsed(text, what);
  if (!isJsonObject(value)) throw unreadable(what, 'one of its statements is no object');
  const sid = value['Sid'];
  return {
    text,
    ...(typeof sid === 'string' && sid !== '' ? { sid } : {}),
    content: canonicalStatement(value, partition),
  };
}

function shortPrincipal(principal: Json | undefined): Json | undefined {
  if (!isJsonObject(principal)) return principal;
  const { AWS: who } = principal;
  return Array.isArray(who) && who.length === 1 && who[0] === '*' ? '*' : principal;
}

function parsed(text: string, what: string): Json {
  try {
    return toPlain(JSON.parse(text));
  } catch {
    throw unreadable(what, 'it is no JSON');
  }
}

function unreadable(what: string, why: string): TransshipError {
  return new TransshipError('invalid-response', `the policy of ${what} cannot be read: ${why}`, {
    hint: 'look at it: aws ecr get-repository-policy (of the registry: get-registry-policy)',
  });
}
