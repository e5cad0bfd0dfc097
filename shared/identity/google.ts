// Who we are to Google: the default credentials of its tools, or credentials of a file, and the service account that these act as.
import type { SecretSource } from './secret-source.ts';

export type GoogleIdentity = {
  /** The service account to act as, by its e-mail address. */
  impersonate?: string | undefined;
  /**
   * Credentials in JSON, in place of the default ones: a key of a service account, the configuration of a workload identity
   * federation (`external_account`), or those of a user (`authorized_user`).
   */
  file?: SecretSource | undefined;
};

export type GoogleSurroundings = {
  env: NodeJS.ProcessEnv;
  now: () => number;
  signal?: AbortSignal | undefined;
};

/** In words for people and for the id of an issuer: the same words, the same identity. */
export function describeGoogleIdentity({ impersonate, file }: GoogleIdentity): string {
  const base = file === undefined ? "Google's default credentials" : `the Google credentials in ${file.name}`;
  return impersonate === undefined ? base : `${impersonate} by ${base}`;
}
