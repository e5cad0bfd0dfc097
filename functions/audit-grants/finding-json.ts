// A finding of an audit as plain data, as the API gives it and commands print it: what it could be as a grant in the words of the
// configuration.
import type { AuditFinding } from '../../shared/grants/audit-finding.ts';
import { granteeWords, partWords } from '../../shared/grants/grant-words.ts';
import type { Audited, GrantsAudit } from '../audit-grants.ts';

type Words = ReturnType<typeof granteeWords>;

export type FindingJson = {
  class: AuditFinding['class'];
  backend: string;
  host: string;
  place: string;
  object: string;
  who: string[];
  what: string;
  flags: string[];
  until?: string;
  grant?: string;
  /** Why our grant is there. */
  reason?: string;
  verifiedAt?: string;
  asGrant?: { to: Words[]; pull: Words[] };
};

export type AuditJson = {
  items: FindingJson[];
  /** How many clusters and registries were looked at. */
  sites: number;
  unread: { backend: string; host: string; code: string; message: string; hint?: string }[];
};

export function auditJson({ findings, sites, unread }: GrantsAudit): AuditJson {
  return {
    items: findings.map(findingJson),
    sites,
    unread: unread.map(({ site: { backend, host }, error: { code, message, hint } }) => ({
      backend,
      host,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
  };
}

export function findingJson({ target, object, who, what, flags, asGrant, ...rest }: Audited): FindingJson {
  const { until, grant, reason, verifiedAt } = rest;
  return {
    class: rest.class,
    ...target,
    object,
    who: [...who],
    what,
    flags: [...flags],
    ...(until === undefined ? {} : { until }),
    ...(grant === undefined ? {} : { grant }),
    ...(reason === undefined ? {} : { reason }),
    ...(verifiedAt === undefined ? {} : { verifiedAt: verifiedAt.toISOString() }),
    ...(asGrant === undefined ? {} : { asGrant: grantedJson(asGrant) }),
  };
}

export function grantedJson({ grantees, what }: NonNullable<AuditFinding['asGrant']>): { to: Words[]; pull: Words[] } {
  return { to: grantees.map(granteeWords), pull: what.map(partWords) };
}
