// Looks at one site: what grants mean there, and what stands at the targets that they want or that are known to have something of ours.
import { TransshipError, isTransshipError, messageOf } from '../../errors.ts';
import type { GrantBackend } from '../backend.ts';
import type { ObservedTarget, UnreadTarget } from '../entry.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { ObservedSite } from '../observed-grants.ts';
import { siteKey, targetKey, type Site, type Target } from '../site.ts';
import { wantedGrants, type WantedGrants } from '../wanted-grants.ts';
import { wantedOf } from '../wanted-of.ts';
import { counted } from './counted.ts';
import { inFlight } from '../../cluster/in-flight.ts';
import type { MeantSite } from './meant-sites.ts';
import type { RunContext } from './run-context.ts';
import { targetsInScope } from './scope.ts';
import { within } from './within.ts';
import { noWritings, type Writings } from './written-since.ts';

export type SiteLook = {
  at: ObservedSite;
  /** Absent: it could not be opened. */
  backend?: GrantBackend;
  /** By `targetKey`. */
  targets: Map<string, ObservedTarget | UnreadTarget>;
  /** Since it was asked what grants mean here. */
  writings: Writings;
};

const IN_FLIGHT = 8;
/** After so many targets that did not answer the others of the site are not asked any more. */
const MOST_LATE = 3;

/** What cannot be read says why. @throws TransshipError store-unavailable */
export async function lookAtSite(context: RunContext, meant: MeantSite): Promise<SiteLook> {
  const { site } = meant;
  const writings = noWritings(await context.run.store.last());
  try {
    const { backend, at, marked } = await surveySite(context, meant);
    const look: SiteLook = { at, backend, targets: new Map(), writings };
    const places = new Map([...placesOf(context, at), ...marked].map((target) => [targetKey(target), target]));
    await readTargets(context, look, [...places.values()]);
    return look;
  } catch (error) {
    const trouble = troubleOf(error);
    const at = { site, error: trouble };
    const targets = placesOf(context, at).map((target) => [targetKey(target), { target, error: trouble }] as const);
    return { at, targets: new Map(targets), writings };
  }
}

/** Asks anew what grants mean there, into the look. @throws what the site throws */
export async function surveyAnew(context: RunContext, look: SiteLook): Promise<void> {
  const meant = context.sites.find(({ site }) => siteKey(site) === siteKey(look.at.site));
  if (meant === undefined) return;
  const askedAt = await context.run.store.last();
  const { at } = await surveySite(context, meant);
  look.at = at;
  look.writings.askedAt = askedAt;
}

/** Reads one target anew, into the look. */
export async function readTarget(
  context: RunContext,
  { backend, targets }: SiteLook,
  target: Target,
): Promise<ObservedTarget | UnreadTarget> {
  const found = await observed(context, backend, target);
  targets.set(targetKey(target), found);
  return found;
}

/** The site as it was seen among all others, of which nothing is known here. */
export function amongOthers({ sites }: Pick<RunContext, 'sites'>, at?: ObservedSite): ObservedSite[] {
  return sites.map(({ site, isVisited }) => {
    if (at !== undefined && siteKey(site) === siteKey(at.site)) return at;
    return isVisited ? { site, error: notAsked(site) } : { site, survey: {} };
  });
}

async function surveySite({ run, limits, calls }: RunContext, { site, parts, grants }: MeantSite) {
  return within({ ms: limits.readMs, clock: run.clock, who: nameOf(site), ending: run.signal }, async (signal) => {
    const backend = counted(await run.backendFor(site), calls);
    const [survey, marked, wanted] = await Promise.all([
      parts.length === 0 ? {} : backend.survey(parts, { signal, grants, isNarrow: run.touched !== undefined }),
      // what nobody remembers is looked for by runs over all
      run.only === undefined ? backend.marked({ signal }) : [],
      wantedOf(site.backend),
    ]);
    return { backend, marked, at: { site, survey, ...(wanted === undefined ? {} : { wanted }) } };
  });
}

function placesOf(context: RunContext, at: ObservedSite): Target[] {
  const { desired, run, now } = context;
  const wantedFrom = (seen: ObservedSite): WantedGrants => {
    const surveyed = { instance: run.config.instance, sites: amongOthers(context, seen), state: context.state() };
    return wantedGrants(desired, surveyed, now);
  };
  const wanted = wantedFrom(at);
  const without = run.touched === undefined ? wanted : wantedFrom(withoutNamespace(at, run.touched));
  const places = targetsInScope(run, { wanted, without }, context.state());
  return places.filter((target) => siteKey(target) === siteKey(at.site));
}

function withoutNamespace(at: ObservedSite, { cluster, namespace }: NonNullable<GrantsRun['touched']>): ObservedSite {
  if ('error' in at || at.site.host !== cluster || at.survey.namespaces === undefined) return at;
  const others = [...at.survey.namespaces].filter(([name]) => name !== namespace);
  return { ...at, survey: { ...at.survey, namespaces: new Map(others) } };
}

async function readTargets(context: RunContext, look: SiteLook, places: readonly Target[]): Promise<void> {
  let late = 0;
  await inFlight(IN_FLIGHT, places, async (target) => {
    if (late >= MOST_LATE || context.run.signal?.aborted === true) {
      look.targets.set(targetKey(target), { target, error: givenUp(look.at.site) });
      return;
    }
    const found = await readTarget(context, look, target);
    if ('error' in found && isTransshipError(found.error, 'timeout')) late += 1;
  });
}

async function observed(
  { run, limits }: RunContext,
  backend: GrantBackend | undefined,
  target: Target,
): Promise<ObservedTarget | UnreadTarget> {
  if (backend === undefined) return { target, error: notAsked(target) };
  try {
    const who = `${nameOf(target)} ${target.place}`.trim();
    const limit = { ms: limits.readMs, clock: run.clock, who, ending: run.signal };
    return await within(limit, (signal) => backend.observe(target, { signal }));
  } catch (error) {
    return { target, error: troubleOf(error) };
  }
}

/** What anything that was thrown is to people. */
export function troubleOf(error: unknown): TransshipError {
  return isTransshipError(error) ? error : new TransshipError('internal', messageOf(error), { cause: error });
}

/** As people name it. */
export function nameOf({ backend, host }: Pick<Site, 'backend' | 'host'>): string {
  return backend === 'kubernetes' ? `cluster ${host}` : host;
}

function notAsked(site: Pick<Site, 'backend' | 'host'>): TransshipError {
  return new TransshipError('interrupted', `${nameOf(site)} was not looked at`, { retryable: true });
}

function givenUp(site: Site): TransshipError {
  return new TransshipError('timeout', `${nameOf(site)} does not answer`, { retryable: true });
}
