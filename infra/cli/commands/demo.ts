// `transship demo`: hands over to the scripted demo.
import type { Context } from '../context.ts';

export type DemoOptions = { keep?: boolean };

export async function runDemoCommand(context: Context, options: DemoOptions): Promise<number> {
  const { runDemo } = await import('../../demo/run.ts');
  return runDemo({ context, keep: options.keep ?? false });
}
