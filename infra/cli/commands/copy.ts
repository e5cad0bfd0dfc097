// `transship copy`: reads the request, shows the copy while it runs, and tells what became of each target.
import { copyArtifact } from '../../../shared/mirror/copy.ts';
import type { CopyReport } from '../../../shared/mirror/copy-types.ts';
import { formatReference } from '../../../shared/oci/reference.ts';
import type { Context } from '../context.ts';
import { copyExitCode } from '../copy-outcome.ts';
import { readReferences, readTerms, type CopyOptions } from '../copy-request.ts';
import { openRegistriesFor } from '../open-registries.ts';
import { startCopyReporter } from '../output/copy-reporter.ts';
import { youngGenerationKeeper } from '../young-generation.ts';
import { printCopyReport } from '../output/print-copy-report.ts';

export async function runCopy(
  context: Context,
  source: string,
  targets: readonly string[],
  options: CopyOptions,
): Promise<number> {
  if (options.allTags) {
    const { runCopyAllTags } = await import('./copy-all-tags.ts');
    return runCopyAllTags(context, source, targets, options);
  }
  const request = { ...readReferences(source, targets), ...readTerms(options) };
  const registries = await openRegistriesFor(context, (note) => reporter.onEvent(note));
  const reporter = startCopyReporter(context, {
    source: formatReference(request.source),
    targets: request.targets.map(formatReference),
  });
  let report: CopyReport;
  try {
    report = await copyArtifact(request, {
      registries,
      onEvent: youngGenerationKeeper(reporter.onEvent),
      signal: context.signal,
    });
  } finally {
    reporter.stop();
    await registries.close();
  }
  printCopyReport(context, report);
  return copyExitCode(report.targets);
}
