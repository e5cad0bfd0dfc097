// `transship aws init`: writes a configuration to begin with, and says what comes next. AWS is asked for nothing.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readConfig } from '../../../shared/config/load.ts';
import { messageOf, TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { parseEcrHost } from '../../../shared/registries/ecr-host.ts';
import { IN_LAMBDA } from '../aws/deployed-config.ts';
import { registryHost, starterConfig, type StarterAnswers } from '../aws/starter.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';

export type AwsInitOptions = {
  dir: string;
  account?: string;
  region?: string;
  repository?: string[];
  to?: string;
  force?: boolean;
};

const FILE = 'transship.yaml';

export async function runAwsInit(context: Context, options: AwsInitOptions): Promise<number> {
  const { io, globals } = context;
  const answers = await answersFor(context, options);
  const text = await starterConfig(answers);
  // what is wrong with an answer is told as it would be in the file
  readConfig([{ file: FILE, text }], IN_LAMBDA);
  const file = path.join(options.dir, FILE);
  await write(file, text, options.force === true);
  if (globals.json) {
    printJsonLine(io, { type: 'report', file, registry: registryHost(answers) });
    return EXIT.done;
  }
  if (globals.quiet) return EXIT.done;
  // the one in this folder is found without being named
  const named = path.dirname(file) === '.' ? '' : ` -c ${file}`;
  const where = `${named} --stage prod --region ${answers.region}`;
  const style = styleFor(io.stdout, io, globals);
  io.stdout.write(
    [
      `${style('green', 'written')}  ${file}`,
      'next:',
      `  transship config validate${named}`,
      `  transship aws doctor${where}    # is everything there that it needs?`,
      `  transship aws deploy${where}    # shows what it makes, and asks`,
      '',
    ].join('\n'),
  );
  return EXIT.done;
}

/** From the command line, else from whoever sits at the terminal. @throws TransshipError invalid-usage */
async function answersFor(context: Context, options: AwsInitOptions): Promise<StarterAnswers> {
  const { io } = context;
  const region =
    options.region ?? (await ask(context, 'region', 'The region to deploy to', io.env['AWS_REGION'] || undefined));
  const account = options.account ?? (await ask(context, 'account', 'The account (12 digits)'));
  if (parseEcrHost(registryHost({ account, region })) === undefined) {
    throw new TransshipError(
      'invalid-usage',
      `account "${printable(account, 60)}" and region "${printable(region, 60)}" are not those of an ECR registry`,
      { hint: 'write them like --account 123456789012 --region eu-west-1' },
    );
  }
  const repositories =
    options.repository ??
    split(await ask(context, 'repository', 'ECR repositories to mirror from, by commas', 'team/app'));
  return { account, region, repositories, ...(options.to === undefined ? {} : { to: options.to }) };
}

async function ask({ io, globals, signal }: Context, option: string, text: string, usual?: string): Promise<string> {
  if (io.stdin.isTTY !== true || globals.json === true) {
    if (usual !== undefined) return usual;
    throw new TransshipError('invalid-usage', `--${option} is missing, and nobody can be asked here`, {
      hint: 'transship aws init --account 123456789012 --region eu-west-1 --repository team/app',
    });
  }
  io.stderr.write(`${text}${usual === undefined ? '' : ` [${usual}]`}: `);
  const answer = (await io.stdin.readLine(signal))?.trim() ?? '';
  signal.throwIfAborted();
  return answer === '' && usual !== undefined ? usual : answer;
}

function split(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

/** @throws TransshipError invalid-usage where a file is there, or none can be written */
async function write(file: string, text: string, isForced: boolean): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { flag: isForced ? 'w' : 'wx' });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new TransshipError(
      'invalid-usage',
      isThere ? `${file} is there already` : `${file} can't be written: ${messageOf(error)}`,
      { hint: isThere ? 'keep it, or write over it: --force' : 'name another folder: --dir DIR', cause: error },
    );
  }
}
