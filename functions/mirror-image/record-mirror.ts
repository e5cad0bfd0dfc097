// What is kept of a mirror beyond its job: counts, log lines, and the journal of tags that we wrote.
import type { CopyEvent, CopyRequest, TargetReport } from '../../shared/mirror/copy-types.ts';
import type { WrittenTag } from '../../shared/mirror/tag-journal.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Deps } from '../deps.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';

type MirrorRecord = {
  hear(event: CopyEvent): void;
  /** @param requests those that the source got */
  source(requests: number): void;
  /** Durable when it resolves. @throws TransshipError store-unavailable */
  save(): Promise<void>;
};

export function recordMirror(deps: Deps, payload: MirrorPayload, request: CopyRequest, logger: Logger): MirrorRecord {
  const written: WrittenTag[] = [];

  return {
    hear(event) {
      if (event.type === 'manifest') noteTag(event);
      if (event.type === 'target') tell(event.report, request.targets[event.target]?.registry ?? '');
    },
    source(requests) {
      deps.metrics.count('transship_registry_requests_total', { registry: request.source.registry }, requests);
    },
    async save() {
      if (written.length > 0) await deps.journal.wrote(written);
    },
  };

  /** Of what a rule asked for: nobody may remove a tag that a person wanted, or a backup. */
  function noteTag({ target, tag, digest, state }: Extract<CopyEvent, { type: 'manifest' }>): void {
    const reference = request.targets[target];
    if (payload.rule === undefined || reference === undefined) return;
    if (state !== 'copied' || tag === undefined || tag !== reference.tag) return;
    const { registry, repository } = reference;
    const { rule, source } = payload;
    written.push({ registry, repository, tag, digest, rule, source, writtenAt: deps.clock.now() });
  }

  function tell({ reference, digest, state, error, ...cost }: TargetReport, registry: string): void {
    deps.metrics.count('transship_copy_bytes_total', { registry }, cost.bytesMoved);
    deps.metrics.count('transship_registry_requests_total', { registry }, cost.requests);
    for (const how of ['copied', 'mounted', 'existing'] as const) {
      if (cost.blobs[how] > 0) deps.metrics.count('transship_blobs_total', { registry, how }, cost.blobs[how]);
    }
    const fields = { target: reference, registry, digest, state, bytes: cost.bytesMoved, duration_ms: cost.durationMs };
    if (error === undefined) logger.info('target done', fields);
    else logger.warn('target failed', { ...fields, err: { code: error.code, message: error.message } });
  }
}
