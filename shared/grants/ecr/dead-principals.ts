// Roles and users that were deleted: in policies that name them, AWS shows the IDs that they had, and takes no policy with such an ID.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
import { toPlain } from '../plain.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';
import type { PolicyDocument, PolicyStatement } from './policy-document.ts';

/** As `AROA…` of a role, `AIDA…` of a user. */
export function deadPrincipals({ content }: PolicyStatement): string[] {
  const principal = content['Principal'];
  return isJsonObject(principal) ? textsOf(principal['AWS']).filter(isDead) : [];
}

/** The policy without them; a statement that names nobody else goes, and all others keep their bytes. */
export function withoutDead(document: PolicyDocument): PolicyDocument {
  return { ...document, statements: document.statements.flatMap(pruned) };
}

function pruned(statement: PolicyStatement): PolicyStatement[] {
  if (deadPrincipals(statement).length === 0) return [statement];
  const written = toPlain(JSON.parse(statement.text));
  const principal = isJsonObject(written) ? written['Principal'] : undefined;
  if (!isJsonObject(written) || !isJsonObject(principal)) return [statement];
  const { AWS: named, ...others } = principal;
  const left = textsOf(named).filter((one) => !isDead(one));
  if (left.length === 0 && Object.keys(others).length === 0) return [];
  const Principal = { ...(left.length === 0 ? {} : { AWS: left }), ...others };
  return [
    { ...statement, text: JSON.stringify({ ...written, Principal }), content: { ...statement.content, Principal } },
  ];
}

function isDead(principal: string): boolean {
  return /^A(?:ROA|IDA)[A-Z0-9]{8,}$/.test(principal);
}
