// A scene of grants that a seed repeats: what is declared in each round, and what others do meanwhile to what stands there.
import { canonicalText, type Json } from '../../../shared/grants/canonical.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { Target } from '../../../shared/grants/site.ts';
import { configOf } from '../config-of.ts';
import { clusterGrant, inCluster } from './grants-bed.ts';
import type { RecordedWorld } from './recorded-world.ts';

export const SCENE_START = new Date('2026-11-21T12:00:00Z');
export const ROUND_MS = 600_000;

const CLUSTERS = ['prod', 'stage'];
const NAMESPACES = ['shared', 'other', 'third', 'fourth'];
const CONSUMERS = ['my-ns', 'your-ns'];
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

export const SCENE_CONFIG = configOf(`clusters:
  - { name: prod, kubeconfig: {}, registries: { "inside.svc": acp } }
  - { name: stage, kubeconfig: {}, registries: { "inside.svc": acp } }`);

/** Each name with a grant of its own, mostly. */
export function grantsOfRound(random: () => number): PullGrant[] {
  const some = <Value>(values: readonly Value[]): Value[] => values.filter(() => random() < 0.5);
  const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? '';
  return NAMES.filter(() => random() < 0.8).map((id) => {
    const from = some(NAMESPACES);
    const rounds = Math.ceil(random() * 3);
    const end = new Date(SCENE_START.getTime() + rounds * ROUND_MS);
    return clusterGrant(id, {
      cluster: one(CLUSTERS),
      from: from.length === 0 ? ['shared'] : from,
      to: one(CONSUMERS),
      ...(random() < 0.2 ? { expiresAt: end } : {}),
    });
  });
}

export function furnish(world: RecordedWorld): Map<string, unknown> {
  for (const name of [...NAMESPACES, ...CONSUMERS])
    world.namespaces.set(name, { uid: name, labels: {}, isTerminating: false });
  for (const target of places()) world.put(target, 'by-hand', { content: { by: 'hand' }, owner: 'foreign' });
  // it has the name that a grant of ours wants
  world.put(inCluster('shared'), 'a', { content: { by: 'hand' }, owner: 'foreign' });
  return foreignIn(world);
}

/** What is somebody else's, as it stands. */
export function foreignIn(world: RecordedWorld): Map<string, unknown> {
  return new Map(
    [...world.all()].filter(([, { owner }]) => owner === 'foreign').map(([key, { content }]) => [key, content]),
  );
}

/** Somebody changes or removes some of what is ours. */
export function tamper(world: RecordedWorld, random: () => number): void {
  for (const target of places()) {
    for (const [key, standing] of world.at(target)) {
      if (standing.owner === 'foreign' || random() > 0.15) continue;
      world.put(
        target,
        key,
        random() < 0.5 ? undefined : { ...standing, content: { tampered: Math.floor(random() * 1000) } },
      );
    }
  }
}

export function isTampered(content: Json): boolean {
  return canonicalText(content).startsWith('{"tampered":');
}

function places(): Target[] {
  return CLUSTERS.flatMap((cluster) => NAMESPACES.map((name) => inCluster(name, cluster)));
}
