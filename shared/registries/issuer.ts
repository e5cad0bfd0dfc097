// A credential that is issued: who it is, what it opens and until when. The vendors make issuers; copies log in by them, and clusters get
// in their pull Secrets what they issue.
import type { Secret } from '../telemetry/secret.ts';

export type IssuedCredential = {
  username: string;
  secret: Secret;
  /** On this machine's clock, as `expiresAt`: issuers take the life that the server states, not its time of day. */
  issuedAt: Date;
  /** When it ends, by the issuer's word or by the token's own `exp`, whichever is earlier; absent: it does not end by itself. */
  expiresAt?: Date;
  /** Whose it is, in words for people: `arn:aws:iam::123456789012:role/pull`, `robot$mirror`. Never a secret. */
  identity: string;
  /** What its owner should know: it is the admin user of the registry, it may do more than pull. One line each. */
  warnings?: readonly string[];
};

export type Issuer = {
  /** The same text, the same credential: identity, region and whatever else it depends on. One call serves all that share it. No secret. */
  id: string;
  /** The keys of `auths` under which the credential of this registry stands: every concrete name of it, `https://index.docker.io/v1/` for Hub. */
  hosts: readonly string[];
  /**
   * Asks anew at each call; who calls remembers.
   * @throws TransshipError unauthorized, denied, invalid-config, invalid-response, too-many-requests, connection-failed, timeout: never
   * with a body of a token endpoint in it
   */
  issue(options?: IssueOptions): Promise<IssuedCredential>;
};

export type IssueOptions = {
  signal?: AbortSignal;
  /**
   * Looks when each of this issuer's credentials ends that clusters still hold, on this machine's clock; costs requests. One with a fixed
   * number of passwords (a token of ACR has two) makes none of these anew; absent: nobody can look, and it goes by the passwords' age.
   */
  inUse?: () => Promise<readonly Date[]>;
};
