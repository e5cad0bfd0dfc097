// The command line of the bench.
import { parseArgs } from 'node:util';
import { AWS_COSTS } from './aws-costs.ts';
import { COLD_STARTS } from './cold-starts.ts';
import { RECEIVERS } from './receivers.ts';
import { START_UP, WORKLOADS } from './workloads.ts';

export type BenchOptions = {
  runs: number;
  only: readonly string[];
  isLarge: boolean;
  /** The folder that gets `performance.md`, its plots and the raw figures. */
  outDir: string | undefined;
};

const NAMES = [...WORKLOADS.map(({ name }) => name), START_UP, RECEIVERS, COLD_STARTS, AWS_COSTS];

export const USAGE = `Usage: npm run bench -- [options]

Measures transship side by side with those of skopeo, crane and regctl that are installed.

  --runs N      runs of each program and workload (default 5)
  --only NAME   only this workload; may be repeated: ${NAMES.join(', ')}
                ${COLD_STARTS}: those of the Lambda functions, printed and not written; only where it is asked for
                ${AWS_COSTS}: what pushes and clocks ask of AWS; likewise
  --large       the 4 GiB workload too (at most 3 runs; needs 9 GB of disk and a quarter of an hour)
  --out FOLDER  write performance.md, the plots and the raw figures there
`;

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true, default: [] },
      large: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (!/^[1-9]\d{0,2}$/.test(values.runs)) throw new Error(`--runs wants a number from 1 to 999, not ${values.runs}`);
  const unknown = values.only.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`--only knows ${NAMES.join(', ')}, not ${unknown}`);
  return { runs: Number(values.runs), only: values.only, isLarge: values.large, outDir: values.out };
}
