// `transship aws doctor`: looks at everything that a deployment on AWS needs, and says what to do about what is wrong.
import { configProblemsOf } from '../problem.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { awsPlace, type AwsOptions } from '../aws/aws-place.ts';
import type { Finding } from '../aws/checks/finding.ts';
import { checkTools } from '../aws/checks/tools.ts';
import { readDeployedConfig, type DeployedConfig } from '../aws/deployed-config.ts';
import { examine } from '../aws/examine.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor, type Colour } from '../output/style.ts';

export type AwsDoctorOptions = AwsOptions & { assumeRoles?: boolean };

const COLOURS: Readonly<Record<Finding['state'], Colour>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skipped: 'dim',
};

export async function runAwsDoctor(context: Context, options: AwsDoctorOptions): Promise<number> {
  const place = await awsPlace(context, options);
  const { local, findings: ofConfig } = await localConfig(context);
  const assumesRoles = options.assumeRoles === true;
  const [tools, found] = await Promise.all([checkTools(context), examine(place, local, { assumesRoles })]);
  const findings = [...tools, ...ofConfig, ...found];
  print(context, findings);
  return findings.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.done;
}

async function localConfig(context: Context): Promise<{ local?: DeployedConfig; findings: Finding[] }> {
  try {
    return { local: await readDeployedConfig(context), findings: [] };
  } catch (error) {
    if (!isTransshipError(error, 'invalid-config')) throw error;
    const parts = configProblemsOf(error);
    const told = parts.length > 0 ? parts : [{ message: error.message, hint: error.hint ?? '' }];
    return { findings: told.map(({ message, hint }) => ({ id: 'config', state: 'fail', message, hint })) };
  }
}

function print({ io, globals }: Context, findings: readonly Finding[]): void {
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
  if (globals.json) {
    if (!globals.quiet) for (const finding of findings) printJsonLine(io, { type: 'check', ...finding });
    const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') };
    printJsonLine(io, { type: 'report', ...counts });
    return;
  }
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  for (const { id, state, about, message, hint } of findings) {
    const what = about === undefined ? '' : `${style('bold', printable(about, 200))}: `;
    const head = `${style(COLOURS[state], state.padEnd(7))}  ${id.padEnd(14)}`;
    io.stdout.write(`${head}  ${what}${printable(message, 500)}\n`);
    if (hint !== undefined && hint !== '')
      io.stdout.write(`${' '.repeat(25)}${style('yellow', 'hint:')} ${printable(hint, 500)}\n`);
  }
  const wrong = count('fail');
  const doubtful = count('warn');
  const sum = wrong + doubtful === 0 ? 'nothing is wrong' : `${wrong} to be mended, ${doubtful} to be looked at`;
  io.stdout.write(`${style(wrong > 0 ? 'red' : doubtful > 0 ? 'yellow' : 'green', sum)}\n`);
}
