// Whether two credentials log in as the same, by what they would send.
import type { Credential } from '../oci/auth/credential.ts';

export function isSameCredential(left: Credential, right: Credential): boolean {
  return identityOf(left) === identityOf(right);
}

function identityOf(credential: Credential): string {
  if (credential.kind === 'anonymous') return credential.kind;
  if (credential.kind === 'basic') return `basic ${credential.username}:${credential.password.reveal()}`;
  return `${credential.kind} ${credential.token.reveal()}`;
}
