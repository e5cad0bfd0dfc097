// `transship version`: what runs here.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { packageVersion } from '../package-version.ts';

export function runVersion({ io, globals }: Context): Promise<number> {
  const version = packageVersion();
  const platform = `${process.platform}/${process.arch}`;
  if (globals.json) {
    printJsonLine(io, { type: 'report', version, node: process.version, platform });
  } else {
    io.stdout.write(`transship ${version} (node ${process.version}, ${platform})\n`);
  }
  return Promise.resolve(EXIT.done);
}
