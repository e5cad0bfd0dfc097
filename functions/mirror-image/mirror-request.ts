// The copy that a mirror job asks for.
import { TransshipError } from '../../shared/errors.ts';
import type { CopyRequest } from '../../shared/mirror/copy-types.ts';
import { formatReference, parseReference } from '../../shared/oci/reference.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';

/**
 * A job that would copy an image onto itself is refused: the push that it makes would ask for the next one.
 * @throws TransshipError invalid-reference, invalid-job
 */
export function mirrorRequest(payload: MirrorPayload): CopyRequest {
  const source = parseReference(payload.source);
  const targets = payload.targets.map((target) => parseReference(target));
  const itself = targets.find((target) => formatReference(target) === formatReference(source));
  if (itself !== undefined) {
    throw new TransshipError('invalid-job', `${formatReference(itself)} is both source and target`, {
      hint: 'correct the target of the rule: it must not give the place that the image comes from',
    });
  }
  return {
    source,
    targets,
    ...(payload.platforms === undefined ? {} : { platforms: payload.platforms }),
    referrers: payload.referrers,
    // Images of an index are signed one by one, often while it is copied.
    looksBelow: true,
    onConflict: payload.onConflict,
    foreignLayers: false,
    dryRun: false,
  };
}
