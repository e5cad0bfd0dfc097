// `transship demo`: hands over to the scripted demo, which shows its copies through this command line's own display.
import type { Context } from '../context.ts';
import { startCopyReporter } from '../output/copy-reporter.ts';
import { printCopyReport } from '../output/print-copy-report.ts';

export type DemoOptions = { keep?: boolean };

export async function runDemoCommand(context: Context, options: DemoOptions): Promise<number> {
  const { runDemo } = await import('../../demo/run.ts');
  const { io, globals, signal } = context;
  return runDemo({
    keep: options.keep ?? false,
    signal,
    say: (line: string) => {
      if (!globals.json && !globals.quiet) io.stdout.write(`${line}\n`);
    },
    showCopy: (names) => startCopyReporter(context, names),
    tellCopy: (report) => printCopyReport(context, report),
  });
}
