// `transship copy --all-tags`: every tag of a repository, told tag by tag, and summed up per target at the end.
import type { CopyReport } from '../../../shared/mirror/copy-types.ts';
import { copyRepository } from '../../../shared/mirror/copy-repository.ts';
import { formatReference } from '../../../shared/oci/reference.ts';
import type { Context } from '../context.ts';
import { copyExitCode } from '../copy-outcome.ts';
import { readRepositories, readTerms, type CopyOptions } from '../copy-request.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistriesFor } from '../open-registries.ts';
import { youngGenerationKeeper } from '../young-generation.ts';
import { startCopyReporter } from '../output/copy-reporter.ts';
import { printError } from '../output/print-error.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printRepositoryReport } from '../output/print-repository-report.ts';
import { sumUp } from '../repository-report.ts';

export async function runCopyAllTags(
  context: Context,
  source: string,
  targets: readonly string[],
  options: CopyOptions,
): Promise<number> {
  const { io, globals, signal } = context;
  const repositories = readRepositories(source, targets);
  const names = {
    source: formatReference(repositories.source),
    targets: repositories.targets.map(formatReference),
  };
  const terms = readTerms(options);
  const registries = await openRegistriesFor(context, (note) => reporter.onEvent(note));
  const reporter = startCopyReporter(context, names);
  const reports: CopyReport[] = [];
  let failure: { error: unknown } | undefined;
  try {
    const copies = copyRepository(
      { ...repositories, tags: undefined, ...terms },
      { registries, onEvent: youngGenerationKeeper(reporter.onEvent), signal },
    );
    for await (const report of copies) {
      reports.push(report);
      if (globals.json && !globals.quiet) printJsonLine(io, { type: 'artifact', ...report });
    }
  } catch (error) {
    // what was copied until then is told all the same
    if (reports.length === 0) throw error;
    failure = { error };
  } finally {
    reporter.stop();
    await registries.close();
  }
  if (failure !== undefined) printError(failure.error, io, globals);
  printRepositoryReport(context, sumUp(names, reports), reports);
  if (signal.aborted) return EXIT.interrupted;
  const exitCode = copyExitCode(reports.flatMap((report) => report.targets));
  return failure === undefined || exitCode === EXIT.failed ? exitCode : EXIT.partlyFailed;
}
