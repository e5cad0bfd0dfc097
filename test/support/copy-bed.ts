// The copy engine over real connections to in-process registries, and what can be said about a copy from the registries' request logs.
import type { RunningRegistry } from '../../infra/demo/registry.ts';
import { copyArtifact } from '../../shared/mirror/copy.ts';
import { copyRepository, type RepositoryCopyRequest } from '../../shared/mirror/copy-repository.ts';
import type { CopyEvent, CopyReport, CopyRequest, TargetReport } from '../../shared/mirror/copy-types.ts';
import { createCopySession } from '../../shared/mirror/session.ts';
import { anonymous } from '../../shared/oci/auth/credential.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import { openRegistries, type RegistriesOptions } from '../../shared/registries/registries.ts';

type Copied = { report: CopyReport; targets: TargetReport[]; only: TargetReport; events: CopyEvent[] };

export type CopyBed = {
  /** Copies as one process does; copies of one bed share what they learn only where `together` says so. */
  copy(source: string, targets: string | readonly string[], options?: Partial<CopyRequest>): Promise<Copied>;
  /** Runs several copies at the same time, in one session. */
  together(
    copies: readonly (readonly [source: string, target: string])[],
    options?: Partial<CopyRequest>,
  ): Promise<Copied[]>;
  copyRepository(
    source: string,
    targets: readonly string[],
    options?: Partial<RepositoryCopyRequest>,
  ): Promise<{ reports: CopyReport[]; events: CopyEvent[] }>;
  [Symbol.asyncDispose](): Promise<void>;
};

const DEFAULTS = { referrers: true, onConflict: 'overwrite', foreignLayers: false, dryRun: false } as const;

/** Waits of milliseconds where users have seconds, so that retries cost no time. */
const QUICK = { retries: { firstDelayMs: 1, longestDelayMs: 5 } };

/** @param options `patienceMs`: how long targets wait for a slow one */
export function openCopyBed({
  patienceMs = 5_000,
  ...options
}: Partial<RegistriesOptions> & { patienceMs?: number } = {}): CopyBed {
  const registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {}, ...QUICK, ...options });
  const newSession = () => ({ ...createCopySession(registries), random: () => 0, patienceMs });

  async function run(
    source: string,
    targets: string | readonly string[],
    fields: Partial<CopyRequest>,
    session = newSession(),
  ) {
    const events: CopyEvent[] = [];
    const request = {
      ...DEFAULTS,
      ...fields,
      source: parseReference(source),
      targets: [targets].flat().map(parseReference),
    };
    const report = await copyArtifact(request, { registries, session, onEvent: (event) => events.push(event) });
    const [only] = report.targets;
    if (only === undefined) throw new Error('the report has no target');
    return { report, targets: report.targets, only, events };
  }

  return {
    copy: (source, targets, fields = {}) => run(source, targets, fields),
    together(copies, fields = {}) {
      const session = newSession();
      return Promise.all(copies.map(([source, target]) => run(source, target, fields, session)));
    },
    async copyRepository(source, targets, fields = {}) {
      const events: CopyEvent[] = [];
      const reports: CopyReport[] = [];
      const request = {
        ...DEFAULTS,
        tags: undefined,
        ...fields,
        source: parseReference(source),
        targets: targets.map(parseReference),
      };
      const deps = { registries, session: newSession(), onEvent: (event: CopyEvent) => void events.push(event) };
      for await (const report of copyRepository(request, deps)) reports.push(report);
      return { reports, events };
    },
    [Symbol.asyncDispose]: () => registries.close(),
  };
}

/** `PUT manifest`, `HEAD blob`, `POST upload` …: what kind of request it was. */
function kindOf({ method, path }: { method: string; path: string }): string {
  const [, kind = 'other'] = /\/(manifests|blobs\/uploads|blobs|referrers|tags|token)[/?]/.exec(path) ?? [];
  const names: Record<string, string> = { manifests: 'manifest', 'blobs/uploads': 'upload', blobs: 'blob' };
  return `${method} ${names[kind] ?? kind}`;
}

/** The kinds of all requests to a registry, in order. */
export function kindsAt(registry: RunningRegistry): string[] {
  return registry.requests.map(kindOf);
}

/** How often each kind of request came; a kind that did not come is absent. */
export function countsAt(registry: RunningRegistry): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kindsAt(registry)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Requests that change something. */
export function writesAt(registry: RunningRegistry): string[] {
  return registry.requests
    .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .map(({ method, path }) => `${method} ${path}`);
}
