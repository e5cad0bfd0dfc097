// Opens source and targets of a copy: a repository handle each, with a meter of its own.
import type { Reference } from '../oci/reference.ts';
import type { RequestMeter } from '../oci/registry-request.ts';
import type { Repository } from '../oci/repository.ts';
import type { CopyEvent } from './copy-types.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';

export function openRepository(
  reference: Pick<Reference, 'registry' | 'repository'>,
  session: CopySession,
  meter: RequestMeter,
  signal: AbortSignal | undefined,
): Repository {
  const registry = session.registries.client(reference.registry);
  const { pace } = session;
  return {
    registry,
    name: reference.repository,
    meter,
    ...(signal === undefined ? {} : { signal }),
    ...(pace === undefined ? {} : { pace }),
  };
}

export function openTarget(
  reference: Reference,
  index: number,
  session: CopySession,
  signal: AbortSignal | undefined,
  tell: (event: CopyEvent) => void,
): Target {
  const meter = { requests: 0 };
  return {
    index,
    reference,
    meter,
    repository: openRepository(reference, session, meter, signal),
    blobs: { copied: 0, mounted: 0, existing: 0 },
    counted: new Map(),
    bytesMoved: 0,
    bytesSaved: 0,
    referrers: 0,
    startedAt: session.now(),
    tell,
  };
}
