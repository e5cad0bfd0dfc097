// `transship demo`: gives the scripted demo the way in which `transship copy` copies, and shows what it tells.
import { copyArtifact } from '../../../shared/mirror/copy.ts';
import { createCopySession } from '../../../shared/mirror/session.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import { runDemo, type Copier } from '../../demo/run.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistriesOf } from '../open-registries.ts';
import { startCopyReporter, type CopyReporter } from '../output/copy-reporter.ts';
import { demoTeller } from '../output/demo-story.ts';

export type DemoOptions = { keep?: boolean };

export async function runDemoCommand(context: Context, options: DemoOptions): Promise<number> {
  const proved = await runDemo({
    openCopier: (authfile) => openCopier(context, authfile),
    tell: demoTeller(context),
    keep: options.keep ?? false,
    signal: context.signal,
    onExit: (listener) => context.io.onExit(listener),
  });
  return proved ? EXIT.done : EXIT.failed;
}

async function openCopier(context: Context, authfile: string): Promise<Copier> {
  let reporter: CopyReporter | undefined;
  // A configuration of the user is none of the demo's.
  const registries = await openRegistriesOf([], { ...context, globals: { ...context.globals, authfile } }, (note) =>
    reporter?.onEvent(note),
  );
  const session = createCopySession(registries);
  return {
    async copy(source, targets) {
      reporter = startCopyReporter(context, { source, targets });
      const request = {
        source: parseReference(source),
        targets: targets.map(parseReference),
        referrers: true,
        onConflict: 'overwrite' as const,
        foreignLayers: false,
        dryRun: false,
      };
      try {
        const { onEvent } = reporter;
        return await copyArtifact(request, { registries, session, onEvent, signal: context.signal });
      } finally {
        reporter.stop();
      }
    },
    close: () => registries.close(),
  };
}
