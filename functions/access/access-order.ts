// What a request for access says: which Namespace shall pull which image, until when and why. The body of the API and the payload of the job.
import * as z from 'zod';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: 'it is no name of Kubernetes' });
const accountName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, { error: 'it is no name of a ServiceAccount' });

const reference = z
  .string()
  .max(1024)
  .regex(/^[\w.:/@+[\]-]+$/, { error: 'it is no reference like docker.io/library/alpine:3.20' });

export const accessOrder = z.strictObject({
  cluster: z.string().max(253).optional().describe('as the configuration calls it; absent: the only one there is'),
  namespace: label.describe('that shall pull'),
  image: reference.describe('a reference, or a repository'),
  serviceAccounts: z
    .array(accountName)
    .min(1)
    .max(50)
    .optional()
    .describe('absent: all of the Namespace may pull, and `default` gets the reference to the Secret'),
  until: z
    .string()
    .max(64)
    .optional()
    .describe('a date (its end, UTC) or a moment (RFC 3339); absent: it does not end'),
  reason: z.string().min(1).max(500),
  mirrorFrom: reference.optional().describe('copy it from there to `image`, too'),
});

export type AccessOrder = z.infer<typeof accessOrder>;
