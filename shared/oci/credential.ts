// What a registry client logs in with. Where credentials come from (files, helper programs, clouds) is the business of shared/registries.
import type { Secret } from '../telemetry/secret.ts';

/** One way to log in; `identityToken` is an OAuth2 refresh token (Docker's user `<token>`), `registryToken` a ready bearer token. */
export type Credential =
  | { kind: 'anonymous' }
  | { kind: 'basic'; username: string; password: Secret }
  | { kind: 'identityToken'; token: Secret }
  | { kind: 'registryToken'; token: Secret };

/** Finds the credential for one repository; called again after a 401, so that a refreshed file or cloud token is used. */
export type CredentialSource = (scope: { registry: string; repository?: string }) => Promise<Credential>;

export const anonymous: Credential = { kind: 'anonymous' };
