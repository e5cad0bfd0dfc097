// What a registry client logs in with. Where credentials come from (files, helper programs, clouds) is the business of shared/registries.
import type { Secret } from '../../telemetry/secret.ts';

/** One way to log in; `identityToken` is an OAuth2 refresh token (Docker's user `<token>`), `registryToken` a ready bearer token. */
export type Credential = (
  | { kind: 'anonymous' }
  | {
      kind: 'basic';
      username: string;
      password: Secret;
      /** From then on the source is asked anew; absent: only after a refusal. */
      renewAt?: Date;
    }
  | { kind: 'identityToken'; token: Secret }
  | { kind: 'registryToken'; token: Secret }
) & {
  /** Where it is mended, in words for a hint; absent: in the files of Docker and its like. */
  origin?: string;
};

/**
 * Finds the credential for one repository. After a 401 it is called again with the credential that was `refused`:
 * a source that would give the same again forgets it first, so that a refreshed file or cloud token is used.
 */
export type CredentialSource = (scope: {
  registry: string;
  repository?: string;
  refused?: Credential;
}) => Promise<Credential>;

export const anonymous: Credential = { kind: 'anonymous' };
