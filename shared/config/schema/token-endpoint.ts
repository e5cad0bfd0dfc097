// The schema of `tokenEndpoint`: by which registries obey the RBAC of a cluster.
import * as z from 'zod';
import { parseDuration } from '../units.ts';
import { repositoryPattern } from './grant-text.ts';
import { certificateReference, secretReference } from './secret.ts';
import { duration, host, webAddress } from './text.ts';

const name = z.string().min(1);

/** As the API server of a cluster is told of one. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens */
const oidc = z.strictObject({
  issuer: webAddress.describe('who signs the tokens'),
  audience: name.describe('whom the tokens are for; without it `service`').exactOptional(),
  match: z
    .record(name, z.string())
    .default({})
    .describe('claims that the token must have, with their values; `*` stands for any characters but `/`'),
  user: name.default('sub').describe('the claim with the name of the user'),
  groups: name.describe('the claim with the names of groups').exactOptional(),
  prefix: z.string().describe('what stands before both in RBAC; without it the issuer and `#`').exactOptional(),
});

const MINUTE_MS = 60_000;

/** Clients take less than a minute for a minute, and a grant that ended holds as long as tokens live. */
const life = duration.refine(isFitting, {
  error: 'tokens live for a minute to an hour\nwrite 5m: who lost a right keeps it that long',
});

function isFitting(text: string): boolean {
  try {
    const ms = parseDuration(text);
    return ms >= MINUTE_MS && ms <= 60 * MINUTE_MS;
  } catch {
    // what is no duration is told as such
    return true;
  }
}

export const tokenEndpoint = z
  .strictObject({
    issuer: name.describe('who signs, as `auth.token.issuer` of the registry says it'),
    service: name.describe('whom the tokens are for, as `auth.token.service` of the registry says it'),
    registry: host
      .describe('the registry, under `registries` of a cluster; not needed where only one stands there')
      .exactOptional(),
    keys: z
      .array(
        z.strictObject({
          certificate: certificateReference.describe('the certificate, which the registry trusts'),
          key: secretReference.describe('its private key'),
        }),
      )
      .min(1)
      .describe('the first one signs, all are trusted; without them a pair is made in `dataDir` on first use')
      .exactOptional(),
    anonymous: z
      .strictObject({ pull: z.array(repositoryPattern).min(1).describe('what anybody may pull, by patterns') })
      .describe('what is given without a login; without it nothing is')
      .exactOptional(),
    audiences: z
      .array(name)
      .min(1)
      .describe('audiences of ServiceAccount tokens that are taken beside `service`')
      .exactOptional(),
    oidc: z.array(oidc).default([]).describe('identity providers whose tokens are taken beside those of the cluster'),
    sendCertificate: z
      .boolean()
      .default(true)
      .describe(
        '`false` for registries of distribution 3 that have `jwks` and no `rootcertbundle`: they take no token with its certificate',
      ),
    life: life.default('5m').describe('how long a token lives: a minute to an hour'),
  })
  .describe('The token endpoint of registries of the CNCF distribution: by it they obey the RBAC of a cluster.')
  .optional();
