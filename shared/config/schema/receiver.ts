// The schema of `receivers`: who may tell us of pushes, and how they prove that it is they.
import * as z from 'zod';
import { entryName, host } from './text.ts';
import { secretReference } from './secret.ts';

const RECEIVER_KINDS = [
  'distribution',
  'gitlab',
  'harbor',
  'docker-hub',
  'quay',
  'github',
  'acr',
  'acr-event-grid',
  'ecr',
  'artifact-registry',
  'artifactory',
  'nexus',
  'gitea',
  'zot',
  'alibaba',
  'tencent',
  'chainguard',
  'cloudevents',
] as const;

const name = z.string().min(1);
const secrets = z.array(secretReference).min(1).max(2).describe('one, or two while they are exchanged: both are valid');

const auth = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('hmac').describe('a signature of the body'), secrets }),
  z.strictObject({
    mode: z.literal('header').describe('a fixed header'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'it is not the name of a header\nwrite it like authorization' })
      .describe('the name of the header'),
    secrets: secrets.describe('its whole value, scheme included; two while they are exchanged'),
  }),
  z.strictObject({
    mode: z.literal('path').describe('a token in the address'),
    generation: z
      .int()
      .min(1)
      .default(1)
      .describe('one more changes the token; that of the generation before stays valid until the next'),
  }),
  z.strictObject({ mode: z.literal('platform').describe('the platform that delivers it vouches for it') }),
  z.strictObject({
    mode: z.literal('google-oidc').describe('a token of Google'),
    audience: name.describe('the audience of the push subscription'),
    email: name.describe('the service account of the push subscription'),
  }),
  z.strictObject({
    mode: z.literal('entra').describe('a token of Microsoft Entra'),
    tenantId: name.describe('the tenant'),
    audience: name.describe('the audience'),
    appId: name.describe('the application; without it that of Event Grid').optional(),
  }),
  z.strictObject({
    mode: z.literal('chainguard-oidc').describe('a token of Chainguard'),
    subject: name.describe('the subject, `webhook:<group>`'),
    audience: name.describe('the audience').optional(),
    issuer: name.describe('the issuer').optional(),
  }),
]);

const receiver = z.strictObject({
  id: entryName.describe('unique among the receivers; it stands in the address'),
  kind: z.enum(RECEIVER_KINDS).describe('who sends'),
  registry: host.describe('the registry that the events are about'),
  auth: auth.describe('how the sender proves itself'),
  repositories: z
    .array(name)
    .min(1)
    .describe('the only repositories it may speak of: exact, `team/*` or `team/**`; without it all')
    .optional(),
  ignoreActors: z.array(name).describe('users whose pushes do not count: our own, for one').optional(),
  untagged: z.enum(['ignore', 'sweep']).default('ignore').describe('what a push without a tag does'),
});

export const receivers = z
  .array(receiver)
  .default([])
  .describe('Receivers of push events, at `POST /hooks/<kind>/<id>[/<token>]`.');

/** The ways in which each kind of sender can prove itself. */
export const MODES_OF_KIND: Readonly<Record<(typeof RECEIVER_KINDS)[number], readonly string[]>> = {
  distribution: ['header'],
  gitlab: ['header'],
  harbor: ['header'],
  'docker-hub': ['path'],
  quay: ['path'],
  github: ['hmac'],
  acr: ['header', 'path'],
  'acr-event-grid': ['entra', 'header', 'path'],
  ecr: ['platform', 'header'],
  'artifact-registry': ['google-oidc', 'platform'],
  artifactory: ['hmac', 'header'],
  nexus: ['hmac'],
  gitea: ['hmac'],
  zot: ['header'],
  alibaba: ['path'],
  tencent: ['header', 'path'],
  chainguard: ['chainguard-oidc'],
  cloudevents: ['header', 'path'],
};
