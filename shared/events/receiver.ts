// What a receiver is configured with: its registry, how its sender proves itself, and which pushes it listens to.
import type { JSONWebKeySet } from 'jose';
import type { Secret } from '../telemetry/secret.ts';

/** Header names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** The request as it came: the bytes of its body before anybody parsed them. */
export type PushRequest = { headers: RequestHeaders; rawBody: Uint8Array };

export type Receiver = {
  id: string;
  /** `hosts`: every name of the registry, with its port; upper case and the names of Docker Hub do not matter. */
  registry: { id: string; hosts: readonly string[] };
  auth: ReceiverAuth;
  /** Allow list: exact, `a/*` (one more part), `a/**` (one or more); absent: all repositories. */
  repositories?: readonly string[];
  /** Our own accounts at this registry, whose pushes are our own copies. */
  ignoreActors?: readonly string[];
  /** What a push without a tag asks for; `ignore` by default. */
  untagged?: 'ignore' | 'sweep';
};

/** One secret, or two while it is changed; without any, or with an empty one, nothing is accepted by it. */
type Secrets = readonly (Secret | string)[];

/** How the sender proves itself. Which modes a kind has stands in its file. */
export type ReceiverAuth =
  /** Header, hash and encoding follow from the kind. */
  | { mode: 'hmac'; secrets: Secrets }
  /** The whole value of a header, with its scheme if it has one. */
  | { mode: 'header'; name: string; secrets: Secrets }
  /** The route has already checked the token in the path. */
  | { mode: 'path' }
  /** The platform that called us has proved the sender: a queue or a bus, never HTTP. */
  | { mode: 'platform' }
  | GoogleOidcAuth
  | EntraAuth
  | ChainguardOidcAuth;

/** `jwks` replaces the fetching of keys. */
export type GoogleOidcAuth = { mode: 'google-oidc'; audience: string; email: string; jwks?: JSONWebKeySet };
export type EntraAuth = {
  mode: 'entra';
  tenantId: string;
  audience: string;
  /** The calling application; Event Grid's own by default. */
  appId?: string;
  jwks?: JSONWebKeySet;
};
export type ChainguardOidcAuth = {
  mode: 'chainguard-oidc';
  subject: string;
  audience?: string;
  issuer?: string;
  jwks?: JSONWebKeySet;
};

export type AuthMode = ReceiverAuth['mode'];
