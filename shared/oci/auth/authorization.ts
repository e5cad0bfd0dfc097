// The shapes by which requests get their Authorization header: what the authorizer needs from its host, and what it offers to the client.
import type { Credential, CredentialSource } from './credential.ts';
import type { TransshipError } from '../../errors.ts';
import type { Scope } from '../registry-request.ts';

/** One request to a token server. The headers may hold a revealed secret: sent to `url` only, never logged, never redirected. */
export type TokenRequest = {
  method: 'GET' | 'POST';
  url: URL;
  /** Header names in lower case. */
  headers: Record<string, string>;
  /** The body of a POST, already encoded as `application/x-www-form-urlencoded`. */
  form?: string;
};

export type TokenResponse = {
  status: number;
  /** Header names in lower case. */
  headers: Record<string, string | undefined>;
  /** At most 64 KiB. */
  body: Uint8Array;
};

export type AuthorizerOptions = {
  /** The registry as references name it, for credentials, cache keys and messages. */
  registry: string;
  /** The API's own URL; the header is meant for its exact origin (`originOf`) and the caller sends it nowhere else. */
  baseUrl: URL;
  credentials: CredentialSource;
  /** Sends a token request through the guarded transport. */
  exchange: (request: TokenRequest) => Promise<TokenResponse>;
  /** Throws egress-denied for a realm that may not get credentials; runs before any credential is loaded. See `checkRealm`. */
  guardRealm: (url: URL) => void | Promise<void>;
  /** Milliseconds since the epoch. */
  now: () => number;
};

export type Authorizer = {
  /**
   * The value of the Authorization header, or undefined to send without: nothing is sent before the registry asked for it.
   * `minimumLifeMs` renews a token that would expire during a long body.
   * @throws TransshipError unauthorized, egress-denied, invalid-response, too-many-requests, registry-unavailable
   */
  authorize(scopes: readonly Scope[], options?: { minimumLifeMs?: number }): Promise<string | undefined>;
  /** The credential in use for the registry as a whole; undefined before one was needed. */
  login(): Credential | undefined;
  /** The credential itself as a header, undefined for an anonymous one; for interfaces beside the registry's own that take no token. */
  ownHeader(repository: string | undefined): Promise<string | undefined>;
  /**
   * Learns from a 401: `retry` means that `authorize` now gives something better than what was sent.
   * `usedHeader` is what the refused request carried; `retried` is true once an earlier 401 to a header of the
   * same request was answered with `retry`. Only for a 401 of the registry's own origin: what a redirect led to is not answered.
   * @throws TransshipError egress-denied or invalid-response for a realm that cannot be used
   */
  challenged(
    wwwAuthenticate: string | undefined,
    scopes: readonly Scope[],
    usedHeader: string | undefined,
    retried: boolean,
  ): Promise<'retry' | 'give-up'>;
  /** The error to throw after `give-up`: says whether the request was anonymous, and how to log in. */
  refusal(scopes: readonly Scope[], operation: string): TransshipError;
};
