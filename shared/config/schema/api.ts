// The schema of `api`: where the server listens, and whom it believes beside the tokens that it made itself.
import * as z from 'zod';
import { certificateReference, secretReference } from './secret.ts';
import { listenAddress, rate, webAddress } from './text.ts';

const name = z.string().min(1);

const oidc = z.strictObject({
  issuer: webAddress.describe('who signs the tokens'),
  audience: name.describe('whom the tokens are for'),
  scopes: z
    .array(z.enum(['read', 'mirror', 'credentials', 'grants', 'admin']))
    .min(1)
    .describe('what they allow'),
  match: z
    .record(name, z.string())
    .refine((claims) => Object.keys(claims).length > 0, {
      error: 'it matches every token of the issuer\nname at least one claim, like repository: acme/app',
    })
    .describe('claims that the token must have, with their values; `*` stands for any characters but `/`'),
  rules: z.array(name).min(1).describe('only these rules').optional(),
});

export const api = z
  .strictObject({
    listen: listenAddress.default('127.0.0.1:8080').describe('`host:port` to listen on'),
    tls: z
      .strictObject({
        certificate: certificateReference.describe('the certificate and those between it and the root'),
        key: secretReference.describe('its private key'),
      })
      .describe('speak TLS')
      .optional(),
    trustProxy: z
      .boolean()
      .default(false)
      .describe('a proxy in front ends TLS: its X-Forwarded-For and X-Forwarded-Proto are believed'),
    rateLimit: z
      .union([rate, z.int().min(1)])
      .default('600/min')
      .describe('requests of one client; a number is by the minute'),
    oidc: z.array(oidc).default([]).describe('identity providers whose tokens are taken'),
    admission: z
      .strictObject({
        listen: listenAddress.describe('`host:port` to listen on'),
        tls: z
          .strictObject({
            certificate: certificateReference.describe('the certificate and those between it and the root'),
            key: secretReference.describe('its private key'),
            clientCa: certificateReference
              .describe('who signs the certificates by which API servers prove themselves; without it the path does')
              .exactOptional(),
          })
          .describe('speak TLS: API servers call nothing else')
          .exactOptional(),
      })
      .describe('a second address, which only answers API servers: new Namespaces get their credentials at once')
      .exactOptional(),
  })
  .prefault({})
  .describe('The HTTP server. An address that others can reach needs `tls` or `trustProxy`.');
