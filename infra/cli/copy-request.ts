// Reads what `transship copy` is asked to do, and refuses what can't be meant, before anything is sent.
import { TransshipError } from '../../shared/errors.ts';
import type { ConflictPolicy, CopyRequest, PlatformMode } from '../../shared/mirror/copy-types.ts';
import { parsePlatform } from '../../shared/oci/platform.ts';
import { formatReference, parseReference, parseRepository, type Repository } from '../../shared/oci/reference.ts';

/** The options of `transship copy` as commander reads them. */
export type CopyOptions = {
  allTags?: boolean;
  platform?: string[];
  platformMode?: PlatformMode;
  referrers: boolean;
  onConflict: ConflictPolicy;
  foreignLayers?: boolean;
  dryRun?: boolean;
};

/** What to do with each artifact, wherever it comes from. */
export type CopyTerms = Pick<CopyRequest, 'platforms' | 'referrers' | 'onConflict' | 'foreignLayers' | 'dryRun'>;

export type RepositoryCopy = { source: Repository; targets: Repository[] };

/** The references of a copy. @throws TransshipError invalid-reference, invalid-usage */
export function readReferences(source: string, targets: readonly string[]): Pick<CopyRequest, 'source' | 'targets'> {
  const request = { source: parseReference(source), targets: targets.map(parseReference) };
  refuseTwice(request.targets.map(formatReference));
  return request;
}

/** The repositories of a copy with --all-tags. @throws TransshipError invalid-reference, invalid-usage */
export function readRepositories(source: string, targets: readonly string[]): RepositoryCopy {
  const request = { source: parseRepository(source), targets: targets.map(parseRepository) };
  refuseTwice(request.targets.map(formatReference));
  return request;
}

/** The terms of a copy. @throws TransshipError invalid-usage, invalid-platform */
export function readTerms(options: CopyOptions): CopyTerms {
  const { platform, platformMode } = options;
  if (platformMode !== undefined && platform === undefined) {
    throw new TransshipError('invalid-usage', '--platform-mode says what to do with --platform, which is missing', {
      hint: `add the platforms, as in --platform linux/amd64 --platform-mode ${platformMode}`,
    });
  }
  for (const text of platform ?? []) parsePlatform(text);
  return {
    ...(platform === undefined ? {} : { platforms: { include: platform, mode: platformMode ?? 'rewrite' } }),
    referrers: options.referrers,
    onConflict: options.onConflict,
    foreignLayers: options.foreignLayers ?? false,
    dryRun: options.dryRun ?? false,
  };
}

function refuseTwice(targets: readonly string[]): void {
  const seen = new Set<string>();
  for (const target of targets) {
    if (seen.has(target)) {
      throw new TransshipError('invalid-usage', `target ${target} is named twice`, { hint: 'name every target once' });
    }
    seen.add(target);
  }
}
