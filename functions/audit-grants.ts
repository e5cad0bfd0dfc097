// Tells everything that lets anybody pull from the registries of a configuration, whoever made it: each cluster and each registry with
// means of its own is looked at, and one that cannot be read keeps nobody else's findings back.
import type { Config } from '../shared/config/config.ts';
import { isTransshipError, type TransshipError } from '../shared/errors.ts';
import type { AuditFinding } from '../shared/grants/audit-finding.ts';
import { desiredGrants } from '../shared/grants/desired-grants.ts';
import type { GrantsState } from '../shared/grants/grants-state.ts';
import type { BackendFor } from '../shared/grants/grants-run.ts';
import type { Site } from '../shared/grants/site.ts';
import { printable } from '../shared/telemetry/printable.ts';
import { registryNames } from './registry-names.ts';
import { auditedSites, type AuditScope } from './audit-grants/audited-sites.ts';

/** What is found, and of ours why it is there and when that was last proven. */
export type Audited = AuditFinding & { reason?: string; verifiedAt?: Date };

type Unaudited = { site: Site; error: TransshipError };

export type GrantsAudit = {
  /** What reaches too far first. */
  findings: readonly Audited[];
  sites: number;
  /** Those that could not be read, or not to their end. */
  unread: readonly Unaudited[];
};

type AuditRequest = AuditScope & {
  /** Sites that whoever asks may not see. */
  isHidden?: (site: Site) => boolean;
  signal?: AbortSignal;
};

type Known = Pick<Config, 'registries' | 'clusters' | 'grants' | 'rules' | 'credentials'>;

const AT_ONCE = 4;
/** In the order of the report. */
const CLASSES: readonly AuditFinding['class'][] = ['over-broad', 'foreign', 'adoptable', 'ours', 'platform'];

/** @throws TransshipError invalid-usage where nothing is there to be looked at; interrupted */
export async function auditGrants(
  config: Known,
  { backendFor, state }: { backendFor: BackendFor; state: GrantsState },
  { isHidden = () => false, signal, ...scope }: AuditRequest = {},
): Promise<GrantsAudit> {
  const sites = auditedSites(config, scope).filter((site) => !isHidden(site));
  const names = scope.registry === undefined ? undefined : registryNames(scope.registry, config);
  const told = tellerOf(config, state);
  const findings: Audited[] = [];
  const unread: Unaudited[] = [];
  const look = async (site: Site): Promise<void> => {
    try {
      const backend = await backendFor(site);
      for await (const finding of backend.audit(signal === undefined ? {} : { signal })) {
        if (isOf(finding, names)) findings.push(told(finding));
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransshipError(error)) throw error;
      unread.push({ site, error });
    }
  };
  for (let start = 0; start < sites.length; start += AT_ONCE) {
    await Promise.all(sites.slice(start, start + AT_ONCE).map(look));
  }
  return { findings: findings.toSorted(byClass), sites: sites.length, unread };
}

/** Of an adoptable one only what concerns the registry; a cluster's other findings mean all of its registries. */
function isOf({ asGrant }: AuditFinding, names: readonly string[] | undefined): boolean {
  return names === undefined || asGrant === undefined || asGrant.what.some(({ registry }) => names.includes(registry));
}

function tellerOf({ grants }: Known, state: GrantsState): (finding: AuditFinding) => Audited {
  const declared = new Map(desiredGrants(grants, state).map((grant) => [grant.id, grant]));
  const entries = [...state.entries.values()];
  return (finding) => {
    if (finding.grant === undefined) return finding;
    const { grant: id, target } = finding;
    const grant = declared.get(id) ?? state.grants.get(id)?.declaration;
    const proofs = entries
      .filter((entry) => entry.grants.includes(id) && entry.target.host === target.host)
      .filter((entry) => entry.target.place === target.place && entry.verification?.answer === 'allowed')
      .flatMap(({ verification }) => verification?.at ?? []);
    const verifiedAt = proofs.toSorted((left, right) => right.getTime() - left.getTime())[0];
    const until = finding.until ?? grant?.expiresAt?.toISOString();
    return {
      ...finding,
      ...(until === undefined ? {} : { until }),
      ...(grant === undefined ? {} : { reason: printable(grant.reason) }),
      ...(verifiedAt === undefined ? {} : { verifiedAt }),
    };
  };
}

function byClass(left: Audited, right: Audited): number {
  const order = CLASSES.indexOf(left.class) - CLASSES.indexOf(right.class);
  if (order !== 0) return order;
  const [one, other] = [placeOf(left), placeOf(right)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function placeOf({ target: { host, place }, object }: Audited): string {
  return `${host} ${place} ${object}`;
}
