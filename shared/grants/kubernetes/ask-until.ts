// Asks the API server until its answers are as expected: it reads bindings from a cache, which takes some hundred milliseconds to notice.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../cluster/cluster.ts';
import { askPull } from '../pull-review.ts';
import type { ReviewPoint } from './review-points.ts';

const PATIENCE_MS = 5000;
/** Where another binding than this one is what allows it, no patience helps. */
const PATIENCE_WITH_OTHERS_MS = 1500;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

export type ReviewAnswer = { point: ReviewPoint; isAllowed: boolean; words: string };

export type AskOptions = {
  namespace: string;
  expected: 'allowed' | 'denied';
  /** That the entry's binding may have. */
  names: readonly string[];
  signal?: AbortSignal;
};

/** In the order of the points. @throws TransshipError as `Cluster.send` does */
export async function askUntil(
  cluster: Cluster,
  points: readonly ReviewPoint[],
  { namespace, expected, names, signal }: AskOptions,
): Promise<ReviewAnswer[]> {
  const options = signal === undefined ? {} : { signal };
  const startedAt = performance.now();
  const answers = new Map<ReviewPoint, ReviewAnswer>();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const open = points.filter((point) => !isAs(answers.get(point), expected));
    const asked = await Promise.all(open.map((point) => ask(cluster, point, namespace, options)));
    for (const answer of asked) answers.set(answer.point, answer);
    const wrong = asked.filter((answer) => !isAs(answer, expected));
    const patienceMs = wrong.every((answer) => isByAnother(answer, names)) ? PATIENCE_WITH_OTHERS_MS : PATIENCE_MS;
    if (wrong.length === 0 || performance.now() - startedAt + pauseMs > patienceMs) break;
    await sleep(pauseMs, undefined, options);
  }
  return points.flatMap((point) => answers.get(point) ?? []);
}

async function ask(
  cluster: Cluster,
  point: ReviewPoint,
  namespace: string,
  options: { signal?: AbortSignal },
): Promise<ReviewAnswer> {
  const { image, puller, profiles } = point;
  const place = { namespace, ...(image !== undefined && { name: image }) };
  const each = await Promise.all(profiles.map((profile) => askPull(cluster, profile, puller, place, options)));
  const decisive = each.find(({ isAllowed }) => isAllowed) ?? each[0];
  const words = [decisive?.reason, decisive?.evaluationError].filter((said) => said !== undefined).join('; ');
  return { point, isAllowed: decisive?.isAllowed === true, words };
}

function isAs(answer: ReviewAnswer | undefined, expected: AskOptions['expected']): boolean {
  return answer !== undefined && answer.isAllowed === (expected === 'allowed');
}

/** The authorizer names the binding: `RBAC: allowed by RoleBinding "by-hand/shared-ns" of …`. */
function isByAnother({ isAllowed, words }: ReviewAnswer, names: readonly string[]): boolean {
  return isAllowed && words.includes('allowed by') && !names.some((name) => words.includes(`"${name}/`));
}
