// What somebody gets of what he asks for: pulls that are public, and what the RBAC of the cluster lets him do in the namespace that a
// repository belongs to. Whatever is not known is not granted. Answers of the cluster are good for some seconds.
import type { TokenEndpointConfig } from '../../shared/config/config.ts';
import { isTransshipError } from '../../shared/errors.ts';
import { askPull, isProfileServed, type Puller } from '../../shared/grants/pull-review.ts';
import { matchesRepository } from '../../shared/grants/repository-pattern.ts';
import { parseRepository } from '../../shared/oci/reference.ts';
import type { Deps } from '../deps.ts';
import { inTime, KEEP_MS } from './in-time.ts';
import type { Access } from './scopes.ts';
import { shortMemory } from './short-memory.ts';

type Verdict = { isGranted: boolean; why: string };

/** What was asked for, what of it is granted, and why, action by action. */
export type Decision = { asked: Access; granted: Access; why: readonly string[] };

/** @throws TransshipError as `Cluster.send` does */
export type DecideAccess = (
  endpoint: TokenEndpointConfig,
  puller: Puller | undefined,
  asked: Access,
) => Promise<Decision>;

type Question = { endpoint: TokenEndpointConfig; puller: Puller; namespace: string; name: string; verb: string };

const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export function accessDecider({ clock, clusters }: Pick<Deps, 'clock' | 'clusters'>): DecideAccess {
  const nowMs = (): number => clock.now().getTime();
  const memory = shortMemory<Verdict>({ keepMs: KEEP_MS, nowMs });
  const served = shortMemory<boolean>({ keepMs: KEEP_MS, nowMs });

  async function review({ endpoint, puller, ...place }: Question): Promise<Verdict> {
    const { cluster: clusterName, profile } = endpoint;
    const [answer, isServed] = await inTime(clusterName, async (signal) => {
      const cluster = await clusters().get(clusterName);
      return Promise.all([
        askPull(cluster, profile, puller, place, { signal }),
        served(JSON.stringify([clusterName, profile]), () => isProfileServed(cluster, profile, { signal })),
      ]);
    });
    if (!isServed) return { isGranted: false, why: `no API of ${clusterName} serves ${profile.resource}` };
    const why = answer.reason ?? (answer.isAllowed ? 'allowed' : `no ${place.verb} in namespace ${place.namespace}`);
    return { isGranted: answer.isAllowed, why };
  }

  async function decide(
    endpoint: TokenEndpointConfig,
    puller: Puller | undefined,
    asked: Access,
    action: string,
  ): Promise<Verdict> {
    const { profile, anonymous, cluster } = endpoint;
    if (asked.type !== 'repository') return refused('nothing but repositories is given');
    if (!isRepository(asked.name)) return refused('this is no repository');
    if (action === 'pull' && anonymous.pull.some((pattern) => matchesRepository(pattern, asked.name))) {
      return { isGranted: true, why: 'public' };
    }
    const verb = verbOf(profile, action);
    if (verb === undefined) return refused('this action is never given');
    if (puller === undefined) return refused('it is not public');
    const [namespace = '', ...rest] = asked.name.split('/');
    if (rest.length === 0 || !NAMESPACE.test(namespace)) return refused('it is in no namespace');
    const question = { endpoint, puller, namespace, name: rest.join('/'), verb };
    const name = profile.nameFrom === 'image' ? question.name : '';
    return memory(JSON.stringify([cluster, profile, puller, namespace, name, verb]), () => review(question));
  }

  return async (endpoint, puller, asked) => {
    const verdicts = await Promise.all(asked.actions.map((action) => decide(endpoint, puller, asked, action)));
    const actions = asked.actions.filter((_, index) => verdicts[index]?.isGranted === true);
    return { asked, granted: { ...asked, actions }, why: verdicts.map(({ why }) => why) };
  };
}

function verbOf({ verb, pushVerb }: TokenEndpointConfig['profile'], action: string): string | undefined {
  if (action === 'pull') return verb;
  return action === 'push' ? pushVerb : undefined;
}

function refused(why: string): Verdict {
  return { isGranted: false, why };
}

/** By the grammar of references, without a registry in front of it. */
function isRepository(name: string): boolean {
  try {
    return parseRepository(`registry.invalid/${name}`).repository === name;
  } catch (error) {
    if (isTransshipError(error, 'invalid-reference')) return false;
    throw error;
  }
}
