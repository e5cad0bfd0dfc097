// `transship inspect`: what is behind a reference, as a tree, as data, or as the manifest's own bytes.
import { TransshipError } from '../../../shared/errors.ts';
import { inspectReference } from '../../../shared/mirror/inspect.ts';
import { fetchManifest } from '../../../shared/oci/manifests.ts';
import { formatReference, parseReference } from '../../../shared/oci/reference.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistriesFor } from '../open-registries.ts';
import { glyphsFor } from '../output/bar.ts';
import { inspectionLines } from '../output/inspection-tree.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { styleFor } from '../output/style.ts';

export type InspectOptions = { raw?: boolean; referrers: boolean };

export async function runInspect(context: Context, text: string, options: InspectOptions): Promise<number> {
  const { io, globals, signal } = context;
  if (options.raw && globals.json) {
    throw new TransshipError('invalid-usage', '--raw and --json exclude each other', {
      hint: '--raw prints the manifest as it is, which is JSON already',
    });
  }
  const reference = parseReference(text);
  const selector = reference.digest ?? reference.tag ?? 'latest';
  const registries = await openRegistriesFor(context, notePrinter(context));
  try {
    const repository = { registry: registries.client(reference.registry), name: reference.repository, signal };
    if (options.raw) {
      io.stdout.write((await fetchManifest(repository, selector)).bytes);
      return EXIT.done;
    }
    const inspection = await inspectReference(repository, selector, { referrers: options.referrers });
    const name = formatReference(reference);
    if (globals.json) {
      printJsonLine(io, { type: 'report', reference: name, digest: inspection.root.digest, ...inspection });
    } else if (!globals.quiet) {
      const look = { style: styleFor(io.stdout, io, globals), glyphs: glyphsFor(io.env) };
      io.stdout.write(`${inspectionLines(name, inspection, look).join('\n')}\n`);
    }
    return EXIT.done;
  } finally {
    await registries.close();
  }
}
