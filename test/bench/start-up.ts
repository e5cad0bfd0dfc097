// How long transship takes to say something, beside a Node that does nothing: the installed package and a checkout.
import { alternate } from './alternate.ts';
import type { OurProgram } from './installed-package.ts';
import { measure } from './measure.ts';
import type { StartResult } from './results.ts';

export const BARE_NODE = 'bare node';
const ROUNDS = 10;

export async function measureStartUp(
  { installedLauncher, checkoutLauncher }: OurProgram,
  options: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<StartResult[]> {
  const commands = [
    { command: BARE_NODE, args: ['--eval', '0'] },
    { command: 'transship --help', args: [installedLauncher, '--help'] },
    { command: 'transship version', args: [installedLauncher, 'version'] },
    { command: 'transship --help, in a checkout', args: [checkoutLauncher, '--help'] },
    { command: 'transship version, in a checkout', args: [checkoutLauncher, 'version'] },
  ];
  // the first round fills the caches and does not count
  const samples = await alternate(commands, ROUNDS + 1, ({ args }) =>
    measure({ program: process.execPath, args }, options),
  );
  return commands.map(({ command }, index) => {
    const counted = (samples[index] ?? []).slice(1);
    return {
      command,
      wallMs: counted.map(({ wallMs }) => wallMs),
      peakBytes: counted.map(({ peakBytes }) => peakBytes),
    };
  });
}
