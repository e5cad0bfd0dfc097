// Findings of audits and answers about pulls, as the API describes them.
import * as z from 'zod';

const words = z.record(z.string(), z.unknown());
const asGrant = z.object({ to: z.array(words), pull: z.array(words) });

const findingSchema = z
  .object({
    class: z
      .enum(['ours', 'platform', 'adoptable', 'foreign', 'over-broad'])
      .describe('`adoptable`: a grant could say the same; `over-broad`: everybody, every image, or by a wildcard'),
    backend: z.string(),
    host: z.string().describe('the registry, or the name of the cluster'),
    place: z.string().describe('a Namespace, a repository, a project; empty: all of it'),
    object: z.string().describe('what lets them pull: a binding, a statement, a member'),
    who: z.array(z.string()),
    what: z.string(),
    flags: z.array(z.string()).describe('what is striking about it'),
    until: z.string().optional(),
    grant: z.string().optional().describe('our grant, where it is ours'),
    reason: z.string().optional(),
    verifiedAt: z.iso.datetime().optional().describe('when the grant was last proven there'),
    asGrant: asGrant.optional().describe('what it would be as a grant, in the words of the configuration'),
  })
  .meta({ id: 'GrantFinding' });

export const auditSchema = z
  .object({
    items: z.array(findingSchema).describe('what reaches too far first'),
    sites: z.int().describe('clusters and registries that were looked at'),
    unread: z
      .array(
        z.object({
          backend: z.string(),
          host: z.string(),
          code: z.string(),
          message: z.string(),
          hint: z.string().optional(),
        }),
      )
      .describe('those that could not be read, or not to their end'),
  })
  .meta({ id: 'GrantAudit' });

export const pullAnswerSchema = z
  .object({
    answer: z
      .enum(['yes', 'no', 'unserved', 'unknown'])
      .describe(
        '`unserved`: the registry asks its cluster about what nothing there serves; `unknown`: it cannot be told',
      ),
    subject: z.string(),
    image: z.string().describe('in full'),
    decidedBy: z.string(),
    method: z.enum(['access-review', 'probe', 'read-back', 'policy-evaluation', 'none']),
    why: z.string(),
    by: z.array(findingSchema).describe('what lets them, or others, pull it'),
    notes: z.array(z.string()),
    hint: z.string().optional(),
    remedy: asGrant.optional().describe('a grant that would let them'),
  })
  .meta({ id: 'PullAnswer' });
