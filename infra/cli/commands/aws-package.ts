// `transship aws package`: what would be deployed, in files: the archives of the functions and the template of CloudFormation.
import type { Context } from '../context.ts';
import { readDeployedConfig } from '../aws/deployed-config.ts';
import { makePackage, printPackage } from '../aws/make-package.ts';
import { mergeParameters, readParameters } from '../aws/parameters.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';

export type AwsPackageOptions = { stage: string; region?: string; param?: string[] };

export async function runAwsPackage(context: Context, options: AwsPackageOptions): Promise<number> {
  const { io, globals } = context;
  // of a deployment that is there, nothing is known here
  const { parameters } = mergeParameters(readParameters(options.param), new Map());
  const packaged = await makePackage(context, await readDeployedConfig(context), { ...options, parameters });
  const { functions, template, folder } = packaged;
  if (globals.json) {
    printJsonLine(io, { type: 'report', folder, template, functions });
    return EXIT.done;
  }
  printPackage(context, packaged);
  if (!globals.quiet) io.stdout.write(`template: ${template}\n`);
  return EXIT.done;
}
