// Roles and users that were deleted: in policies that name them, AWS shows the IDs that they had.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
import { isJsonObject, textsOf } from './canonical-statement.ts';
import type { PolicyStatement } from './policy-document.ts';

/** As `AROA…` of a role, `AIDA…` of a user. */
export function deadPrincipals({ content }: PolicyStatement): string[] {
  const principal = content['Principal'];
  return isJsonObject(principal)
    ? textsOf(principal['AWS']).filter((one) => /^A(?:ROA|IDA)[A-Z0-9]{8,}$/.test(one))
    : [];
}
