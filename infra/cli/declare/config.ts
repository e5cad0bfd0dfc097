// Declares `transship config` and what hangs on it.
import type { Command } from 'commander';
import type { SkopeoOptions } from '../commands/config-import-skopeo.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { Declare } from './declare.ts';

const EXIT_CODES = [EXIT.done, EXIT.failed, EXIT.usage];

export function declareConfig({ program, run }: Declare): void {
  const config = program
    .command('config')
    .summary('check, show or begin a configuration')
    .description('Check, show or begin the configuration file transship.yaml.');
  end(config, [
    ['config example > transship.yaml', 'begin with an example'],
    ['config validate', 'check transship.yaml'],
    ['config import regsync regsync.yml > transship.yaml', 'come from regsync'],
  ]);

  const validate = config
    .command('validate')
    .summary('check the configuration')
    .description('Check the configuration: every mistake with its line, and what to do about it. Secrets are not read.')
    .action(() => run(async (context) => (await import('../commands/config-validate.ts')).runConfigValidate(context)));
  end(validate, [
    ['config validate', 'check ./transship.yaml'],
    ['config validate -c base.yaml -c site.yaml', 'check two files together'],
    ['config validate --json', 'the problems as data'],
  ]);

  const show = config
    .command('show')
    .summary('print the effective configuration')
    .description('Print the configuration with all files, variables and defaults in one. Secrets stay references.')
    .action(() =>
      run(async (context) => (await import('../commands/config-show.ts')).runConfigShow(context), { readOnly: true }),
    );
  end(show, [
    ['config show', 'what ./transship.yaml comes to'],
    ['config show -c base.yaml -c site.yaml', 'what two files come to'],
  ]);

  const schema = config
    .command('schema')
    .summary('print the JSON Schema of the configuration, for editors')
    .description('Print the JSON Schema of transship.yaml: editors complete and check with it.')
    .action(() =>
      run(async (context) => (await import('../commands/config-schema.ts')).runConfigSchema(context), {
        readOnly: true,
      }),
    );
  end(schema, [
    ['config schema > transship.schema.json', 'then: # yaml-language-server: $schema=transship.schema.json'],
  ]);

  const example = config
    .command('example')
    .summary('print an example configuration')
    .description('Print a configuration with the usual sections and comments.')
    .action(() =>
      run(async (context) => (await import('../commands/config-example.ts')).runConfigExample(context), {
        readOnly: true,
      }),
    );
  end(example, [['config example > transship.yaml', 'begin with it']]);
  declareImport(config, run);
}

function declareImport(config: Command, run: Declare['run']): void {
  const imports = config
    .command('import')
    .summary('make a configuration of that of another tool')
    .description('Print a configuration made of that of another tool, and warn of what cannot be carried over.');
  end(imports, [['config import regsync regsync.yml > transship.yaml', 'come from regsync']]);

  const regsync = imports
    .command('regsync')
    .summary('from the configuration of regsync')
    .description('Print a configuration made of a regsync.yml, and warn of what cannot be carried over.')
    .argument('<file>', "regsync's configuration file")
    .action((file: string) =>
      run(async (context) => {
        const { runConfigImportRegsync } = await import('../commands/config-import-regsync.ts');
        return runConfigImportRegsync(context, file);
      }),
    );
  end(regsync, [['config import regsync regsync.yml > transship.yaml', 'then: transship plan']]);

  const skopeo = imports
    .command('skopeo')
    .summary('from the YAML of skopeo sync')
    .description(
      'Print a configuration made of the YAML of `skopeo sync --src yaml`, and warn of what cannot be carried over.',
    )
    .argument('<file>', 'the YAML file that skopeo sync reads')
    .requiredOption('--to <destination>', 'where to: host[:port][/path], as the destination of skopeo sync')
    .option('--scoped', 'put the whole path of the source below the destination, as skopeo sync --scoped')
    .action((file: string, options: SkopeoOptions) =>
      run(async (context) => {
        const { runConfigImportSkopeo } = await import('../commands/config-import-skopeo.ts');
        return runConfigImportSkopeo(context, file, options);
      }),
    );
  end(skopeo, [['config import skopeo sync.yml --to harbor.acme.io/mirror > transship.yaml', 'then: transship plan']]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, EXIT_CODES));
}
