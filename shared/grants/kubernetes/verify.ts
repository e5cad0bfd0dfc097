// Has an entry proven: whether those whom it binds may pull, or may no more, as the API server tells the registry.
import type { Cluster } from '../../cluster/cluster.ts';
import { getServiceAccount } from '../../cluster/service-accounts.ts';
import { isTransshipError } from '../../errors.ts';
import type { Verification } from '../backend.ts';
import type { Json } from '../canonical.ts';
import type { PullProfile } from '../pull-profile.ts';
import { isProfileServed } from '../pull-review.ts';
import type { Site, Target } from '../site.ts';
import { askUntil, type ReviewAnswer } from './ask-until.ts';
import { readContent, type BindingContent } from './binding-content.ts';
import { ownerOfKey } from './binding-marks.ts';
import { bindingNames } from './binding-names.ts';
import { nameOfSubject, profilesOf, reviewPoints } from './review-points.ts';

/** A binding holds for all or for none: some of many say enough, and the API server has other work. */
const MOST_QUESTIONS = 60;
const MOST_ACCOUNTS = 20;
const MOST_TOLD = 3;

type Options = { signal?: AbortSignal };

/** @throws TransshipError as `Cluster.send` does */
export async function verifyBinding(
  cluster: Cluster,
  entry: { target: Target; key: string; content: Json },
  expected: 'allowed' | 'denied',
  { site, instance, ...options }: Options & { site: Site; instance: string },
): Promise<Verification> {
  const content = readContent(entry.content);
  const known = profilesOf(content, site);
  const served = await servedOf(cluster, known, options);
  // that nobody may any more can be told also where nothing serves the resource
  const points = reviewPoints(content, expected === 'allowed' ? served : known);
  if (points.length === 0) return { ...untold(content, known, cluster), at: cluster.now() };
  const asked = spread(points, MOST_QUESTIONS);
  const { grant, part } = ownerOfKey(entry.key);
  const names = bindingNames(instance, grant, part);
  const answers = await askUntil(cluster, asked, { namespace: entry.target.place, expected, names, ...options });
  const contrary = answers.filter(({ isAllowed }) => isAllowed !== (expected === 'allowed'));
  const notes = [
    ...(contrary.length === 0 ? answers.slice(0, 1).map(({ words }) => words) : told(contrary)),
    ...(asked.length < points.length ? [`${asked.length} of ${points.length} questions were asked`] : []),
    ...(expected === 'allowed' ? await missingAccounts(cluster, content, options) : []),
  ].filter((note) => note !== '');
  return {
    method: 'access-review',
    answer: contrary.length === 0 ? expected : contraryOf(expected),
    at: cluster.now(),
    ...(notes.length > 0 && { note: notes.join('; ') }),
  };
}

async function servedOf(cluster: Cluster, profiles: readonly PullProfile[], options: Options): Promise<PullProfile[]> {
  const each = await Promise.all(profiles.map((profile) => isProfileServed(cluster, profile, options)));
  return profiles.filter((_, index) => each[index] === true);
}

function untold(
  { roleRef }: BindingContent,
  known: readonly PullProfile[],
  { name }: Cluster,
): Pick<Verification, 'method' | 'answer' | 'note'> {
  const unserved = known.map(({ resource, group }) => `${resource} of ${group}`).join(' or ');
  const note =
    known.length === 0
      ? `no registry of cluster ${name} asks for what ${roleRef.kind} ${roleRef.name} allows`
      : `nothing in cluster ${name} serves ${unserved}: is the registry installed? (expectServed: false for a name that is in reviews only)`;
  return { method: 'access-review', answer: 'unverifiable', note };
}

/** Evenly from first to last. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  const indexes = Array.from({ length: most }, (_, index) => Math.round((index * (items.length - 1)) / (most - 1)));
  return indexes.flatMap((index) => items[index] ?? []);
}

function told(contrary: readonly ReviewAnswer[]): string[] {
  const shown = contrary.slice(0, MOST_TOLD).map(({ point: { who }, isAllowed, words }) => {
    const answer = `${who}: ${isAllowed ? 'still allowed' : 'denied'}`;
    return words === '' ? answer : `${answer} (${words})`;
  });
  const more = contrary.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

/** A binding for one that is not there yet is right, and worth a word. */
async function missingAccounts(cluster: Cluster, { subjects }: BindingContent, options: Options): Promise<string[]> {
  const accounts = subjects.filter((subject) => subject.kind === 'ServiceAccount').slice(0, MOST_ACCOUNTS);
  const found = await Promise.all(accounts.map((account) => isThere(cluster, account, options)));
  return accounts.filter((_, index) => found[index] === false).map((one) => `${nameOfSubject(one)} is not there`);
}

/** Undefined: we may not look. */
async function isThere(
  cluster: Cluster,
  account: { namespace: string; name: string },
  options: Options,
): Promise<boolean | undefined> {
  try {
    return (await getServiceAccount(cluster, account, options)) !== undefined;
  } catch (error) {
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  }
}

function contraryOf(expected: 'allowed' | 'denied'): 'allowed' | 'denied' {
  return expected === 'allowed' ? 'denied' : 'allowed';
}
