// `transship tags`: the tags of a repository, with --digests what each of them names.
import { listRepositoryTags, type ListedTag } from '../../../shared/mirror/list-tags.ts';
import { formatReference, parseRepository } from '../../../shared/oci/reference.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistriesFor } from '../open-registries.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { printProblem } from '../output/print-error.ts';
import { alignColumns } from '../output/table.ts';
import { problemOf } from '../problem.ts';

export type TagsOptions = { digests?: boolean };

export async function runTags(context: Context, text: string, options: TagsOptions): Promise<number> {
  const repository = parseRepository(text);
  const registries = await openRegistriesFor(context, notePrinter(context));
  let tags: ListedTag[];
  try {
    const registry = registries.client(repository.registry);
    tags = await listRepositoryTags(
      { registry, name: repository.repository, signal: context.signal },
      { digests: options.digests ?? false, listTagDigests: registries.vendor(repository.registry).listTagDigests },
    );
  } finally {
    await registries.close();
  }
  print(context, formatReference(repository), tags);
  const failed = tags.filter((tag) => tag.error !== undefined).length;
  if (failed === 0) return EXIT.done;
  return failed === tags.length ? EXIT.failed : EXIT.partlyFailed;
}

function print({ io, globals }: Context, repository: string, tags: readonly ListedTag[]): void {
  const problems = tags.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, ...problemOf(error) }]));
  for (const problem of problems) printProblem(problem, io, globals);
  if (!globals.json) {
    if (globals.quiet) return;
    const rows = tags.map(({ name, digest, error }) => [
      printable(name),
      ...((digest ?? error) ? [digest ?? '-'] : []),
    ]);
    for (const line of alignColumns(rows)) io.stdout.write(`${line}\n`);
    return;
  }
  const failures = new Map(problems.map(({ name, ...error }) => [name, error]));
  for (const { name, digest } of globals.quiet ? [] : tags) {
    const error = failures.get(name);
    printJsonLine(io, {
      type: 'tag',
      name,
      ...(digest === undefined ? {} : { digest }),
      ...(error === undefined ? {} : { error }),
    });
  }
  printJsonLine(io, { type: 'report', repository, tags: tags.length, failed: problems.length });
}
