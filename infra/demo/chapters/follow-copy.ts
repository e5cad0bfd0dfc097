// Follows one copy from the push to the last target: in the server's jobs, and from outside at the targets.
import { watchTarget, type TargetWatch } from '../arrival.ts';
import type { ArrivedEvent, ArrivedTarget, Chapter } from '../demo-event.ts';
import type { DemoImage } from '../images.ts';
import { firstJobFor, followJob, jobsFor, type FinishedJob } from '../server/jobs.ts';
import type { Push } from './push-image.ts';
import type { Scene } from './scene.ts';

const ARRIVES_WITHIN_MS = 60_000;
const TELL_EVERY_MS = 100;
/** To answer costs the server time. */
const ASK_EVERY_MS = 50;

export type CopyWatch = {
  targets: readonly TargetWatch[];
  /** The job that copies, as soon as there is one. */
  jobId(): Promise<string>;
  /** Does some work while it tells how the copy gets on. */
  whileTelling<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits until all targets have the image and the job is done. */
  arrival(chapter: Chapter, push: Push): Promise<ArrivedEvent>;
};

/** To be called before the push. */
export function watchCopy(scene: Scene, image: DemoImage): CopyWatch {
  const { stage, server, signal, tell } = scene;
  const source = `${stage.source.host}/${image.repository}:${image.tag}`;
  const targets = stage.targets.map((target) => watchTarget(target, image));
  const first = targets[0]?.reference ?? '';
  const what = `the job that copies ${source}`;
  const patience = { signal, timeoutMs: ARRIVES_WITHIN_MS, everyMs: ASK_EVERY_MS, what };

  const jobId = () => firstJobFor(server.socketPath, first, patience);

  async function whileTelling<Result>(work: () => Promise<Result>): Promise<Result> {
    const timer = setInterval(() => tell({ type: 'progress', targets: targets.map(progressOf) }), TELL_EVERY_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  return {
    targets,
    jobId,
    whileTelling,
    async arrival(chapter, { pushedAt, notifications }) {
      const [job, ...times] = await whileTelling(() =>
        Promise.all([
          jobId().then((id) => followJob(server.socketPath, id, tell, patience)),
          ...targets.map(({ arrived }) => arrived(signal, ARRIVES_WITHIN_MS)),
        ]),
      );
      return {
        type: 'arrived',
        chapter,
        reference: source,
        digest: image.digest,
        job: { id: job.id, trigger: job.trigger },
        jobs: (await jobsFor(server.socketPath, first, signal)).length,
        notifications,
        targets: targets.map((target, index) => arrivedTarget(target, job, (times[index] ?? pushedAt) - pushedAt)),
      };
    },
  };
}

function progressOf({ reference, sizeBytes, receivedBytes }: TargetWatch) {
  return { reference, sizeBytes, receivedBytes: receivedBytes() };
}

/** @throws Error where the job says nothing of the target */
function arrivedTarget(watch: TargetWatch, job: FinishedJob, latencyMs: number): ArrivedTarget {
  const report = job.targets.find(({ reference }) => reference === watch.reference);
  if (report === undefined) throw new Error(`job ${job.id} does not tell what became of ${watch.reference}`);
  const receivedBytes = watch.totalBytes();
  return { ...report, latencyMs, receivedBytes, resentBytes: Math.max(0, receivedBytes - watch.sizeBytes) };
}
