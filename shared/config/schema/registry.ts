// The schema of `registries`: what is to be known of a registry that its host does not tell.
import * as z from 'zod';
import { vendors } from '../../registries/vendors.ts';
import { credential } from './registry-credential.ts';
import { certificateReference, secretReference } from './secret.ts';
import { host, probe, size, trustedHost } from './text.ts';

const name = z.string().min(1);

const createRepository = z
  .strictObject({
    tagMutability: z.enum(['mutable', 'immutable']).describe('whether tags may move (ECR)').optional(),
    scanOnPush: z.boolean().describe('scan what is pushed (ECR, Harbor)').optional(),
    public: z.boolean().describe('readable without login (Harbor projects)').optional(),
    tags: z.record(name, z.string()).describe('resource tags (ECR)').optional(),
  })
  .describe('make target repositories that are missing, with these settings; without it they are not made');

const limits = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1000)
      .describe('requests of one kind (reads, uploads, …) at the same time')
      .optional(),
    requestsPerSecond: z.number().positive().describe('requests a second, all kinds together').optional(),
    bandwidth: size.describe('bytes of blobs a second, both ways together').optional(),
  })
  .describe('upper limits; the published limits of the vendor hold too, and what the answers allow');

const registry = z.strictObject({
  kind: z
    .enum(vendors.map(({ kind }) => kind))
    .describe('the vendor, where the host does not tell')
    .optional(),
  credential: credential.optional(),
  probe: probe
    .describe('a repository that new credentials for clusters are tried at, with a tag or without: `team/app`')
    .optional(),
  createRepository: createRepository.optional(),
  plainHttp: z.boolean().default(false).describe('without TLS'),
  ca: certificateReference.describe('certificates to trust beside those of the system').optional(),
  clientCertificate: z
    .strictObject({
      certificate: certificateReference.describe('the certificate'),
      key: secretReference.describe('its private key'),
    })
    .describe('log in to TLS with a certificate')
    .optional(),
  proxy: z
    .union([z.string(), secretReference])
    .describe('the HTTP proxy, `http://host:port`; by reference where it has a password')
    .optional(),
  limits: limits.optional(),
  aliases: z.array(host).describe('other names of the same registry').optional(),
  trustedHosts: z
    .array(trustedHost)
    .describe('hosts that its realm, redirects and Locations may use, beside its own')
    .optional(),
  pathPrefix: z
    .string()
    .regex(/^(?:\/[\w.~-]+)+$/, { error: 'it is not a path\nwrite it like /registry, without a "/" at its end' })
    .describe('what stands before `/v2/` in its addresses')
    .optional(),
});

export const registries = z
  .record(host, registry)
  .default({})
  .describe('Registries by `host[:port]`. Most need no entry: vendor and limits follow from the host.');
