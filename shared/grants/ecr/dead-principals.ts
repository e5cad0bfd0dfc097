// Roles and users that were deleted: in policies that name them, AWS shows the IDs that they had, and takes no policy with such an ID.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
import type { Json } from '../canonical.ts';
import { toPlain } from '../plain.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';
import { policyEntries, type PolicyDocument, type PolicyStatement } from './policy-document.ts';

/** As `AROA…` of a role, `AIDA…` of a user. */
export function deadPrincipals({ content }: PolicyStatement): string[] {
  const principal = content['Principal'];
  return isJsonObject(principal) ? textsOf(principal['AWS']).filter(isDead) : [];
}

/** Those that statements of others name, in words. */
export function deadOfOthers(document: PolicyDocument, instance: string): string[] {
  return policyEntries(document, instance)
    .filter(({ isOurs }) => !isOurs)
    .flatMap(({ label, statement }) => deadPrincipals(statement).map((principal) => `${principal} (${label})`));
}

/** The policy without them; a statement that names nobody else goes, and all others keep their bytes. */
export function withoutDead(document: PolicyDocument): PolicyDocument {
  return { ...document, statements: document.statements.flatMap(pruned) };
}

function pruned(statement: PolicyStatement): PolicyStatement[] {
  if (deadPrincipals(statement).length === 0) return [statement];
  const written = toPlain(JSON.parse(statement.text));
  if (!isJsonObject(written)) return [statement];
  const Principal = living(written['Principal']);
  const meant = living(statement.content['Principal']);
  if (Principal === undefined || meant === undefined) return [];
  return [
    {
      ...statement,
      text: JSON.stringify({ ...written, Principal }),
      content: { ...statement.content, Principal: meant },
    },
  ];
}

/** In its own words; undefined: nobody. */
function living(principal: Json | undefined): Json | undefined {
  if (!isJsonObject(principal)) return principal;
  const { AWS: named, ...others } = principal;
  const left = textsOf(named).filter((one) => !isDead(one));
  if (left.length === 0 && Object.keys(others).length === 0) return undefined;
  return { ...(left.length === 0 ? {} : { AWS: left }), ...others };
}

function isDead(principal: string): boolean {
  return /^A(?:ROA|IDA)[A-Z0-9]{8,}$/.test(principal);
}
