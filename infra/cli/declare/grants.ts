// Declares `transship grants` and what hangs on it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { GRANT_STATES } from '../../../functions/reconcile-grants/grant-states.ts';
import type { GrantsApplyOptions } from '../commands/grants-apply.ts';
import type { GrantsAuditOptions } from '../commands/grants-audit.ts';
import type { GrantsImportOptions } from '../commands/grants-import.ts';
import type { GrantsJournalOptions } from '../commands/grants-journal.ts';
import type { GrantsListOptions } from '../commands/grants-list.ts';
import type { GrantsPlanOptions } from '../commands/grants-plan.ts';
import type { GrantsResumeOptions } from '../commands/grants-resume.ts';
import type { GrantsRevokeOptions } from '../commands/grants-revoke.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { Declare } from './declare.ts';
import { addServerOptions } from './server-options.ts';

const READING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted];
const RUNNING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused, EXIT.interrupted];

const AUDIT_CLASSES = ['over-broad', 'foreign', 'adoptable'];

const WHERE = 'By the server that owns the data folder, or where none runs, in this process.';

export function declareGrants({ program, run }: Declare): void {
  const grants = program
    .command('grants')
    .summary('let others pull, and see who may')
    .description(
      'Grants: who may pull what, from where, until when, and why. Declared once, made so at each registry, and proven.',
    );
  end(
    grants,
    [
      ['grants plan', 'what would be done'],
      ['grants apply', 'do it, after a question'],
      ['grants list --state Blocked,Conflict', 'what needs somebody'],
    ],
    READING,
  );
  declareList(grants, run);
  declarePlan(grants, run);
  declareApply(grants, run);
  declareRevoke(grants, run);
  declareResume(grants, run);
  declareJournal(grants, run);
  declareAudit(grants, run);
  declareImport(grants, run);
}

function declareList(grants: Command, run: Declare['run']): void {
  const list = grants
    .command('list')
    .summary('list grants and how they stand')
    .description(
      'List the grants of the configuration and those by the API, with how they stood when they were looked at last.\n' +
        `States: ${GRANT_STATES.join(', ')}.`,
    )
    .addOption(new Option('--state <state>', 'only in these states; may be repeated').argParser(oneOf(GRANT_STATES)))
    .action((options: GrantsListOptions) =>
      run(async (context) => (await import('../commands/grants-list.ts')).runGrantsList(context, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(list),
    [
      ['grants list', 'all of them'],
      ['grants list --json', 'as data, with each RoleBinding, statement and member'],
    ],
    READING,
  );
}

function declarePlan(grants: Command, run: Declare['run']): void {
  const plan = grants
    .command('plan')
    .summary('show what apply would do')
    .description(
      `Look at the registries and clusters that grants mean, and show what would be done there. Nothing is written.\n` +
        'The last line is the hash of the plan: grants apply --plan HASH does that, or nothing.',
    )
    .option('--prune-unknown', 'as apply would with it')
    .option('--detailed-exit-code', 'end with 5 where there are changes')
    .action((options: GrantsPlanOptions) =>
      run(async (context) => (await import('../commands/grants-plan.ts')).runGrantsPlan(context, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(plan),
    [
      ['grants plan', 'the changes, and the hash'],
      ['grants plan --detailed-exit-code -q', 'is anything to be done? for a script'],
    ],
    [...RUNNING, EXIT.changes],
  );
}

function declareApply(grants: Command, run: Declare['run']): void {
  const apply = grants
    .command('apply')
    .summary('make the grants hold')
    .description(
      'Write what differs, prove each grant by asking whoever decides, and leave alone what others own.\n' +
        `Shows the plan and asks, unless --yes or a hash says that it is meant. ${WHERE}`,
    )
    .option('--plan <hash>', 'apply this plan, or nothing where it is another one by now')
    .option('--yes', 'do not ask')
    .option('--allow-overbroad', 'also what lets in everybody, or opens every repository')
    .option('--prune-unknown', 'also remove what has our mark and was never heard of here')
    .option('--prune-dead', 'also take deleted roles and users out of ECR statements of others that block a write')
    .action((options: GrantsApplyOptions) =>
      run(async (context) => (await import('../commands/grants-apply.ts')).runGrantsApply(context, options)),
    );
  end(
    addServerOptions(apply),
    [
      ['grants apply', 'show the plan, ask, apply'],
      ['grants apply --yes --json', 'without a question, as data; for a pipeline'],
      ['grants apply --plan 5f1c…', 'what somebody looked at'],
    ],
    RUNNING,
  );
}

function declareRevoke(grants: Command, run: Declare['run']): void {
  const revoke = grants
    .command('revoke')
    .summary('take a grant away')
    .description(
      'Take a grant away now, also one that the configuration declares: it stays revoked until its declaration changes,\n' +
        `or somebody resumes it. What several grants need stays. ${WHERE}`,
    )
    .argument('<name>', 'name of a grant')
    .option('--reason <text>', 'why, for the journal')
    .option('--yes', 'do not ask')
    .action((name: string, options: GrantsRevokeOptions) =>
      run(async (context) => (await import('../commands/grants-revoke.ts')).runGrantsRevoke(context, name, options)),
    );
  end(
    addServerOptions(revoke),
    [
      ['grants revoke cross-ns-pull', 'after a question'],
      ['grants revoke cross-ns-pull --yes --reason "INC-42"', 'at once'],
    ],
    RUNNING,
  );
}

function declareResume(grants: Command, run: Declare['run']): void {
  const resume = grants
    .command('resume')
    .summary('give back a grant that was revoked by hand')
    .description(
      'End a revoke by hand. Of a grant with pin: uid, accept the Namespaces and ServiceAccounts that are there now.\n' +
        WHERE,
    )
    .argument('<name>', 'name of a grant')
    .option('--yes', 'do not ask')
    .action((name: string, options: GrantsResumeOptions) =>
      run(async (context) => (await import('../commands/grants-resume.ts')).runGrantsResume(context, name, options)),
    );
  end(addServerOptions(resume), [['grants resume cross-ns-pull', 'after a question']], RUNNING);
}

function declareJournal(grants: Command, run: Declare['run']): void {
  const journal = grants
    .command('journal')
    .summary('read who did what to grants')
    .description(
      'Read the journal: who did what, when, why, and what proved it. Oldest first; lines are only ever added.',
    )
    .argument('[name]', 'only of this grant')
    .option('--after <seq>', 'only lines behind this number', readSequence)
    .action((name: string | undefined, options: GrantsJournalOptions) =>
      run(async (context) => (await import('../commands/grants-journal.ts')).runGrantsJournal(context, name, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(journal),
    [
      ['grants journal cross-ns-pull', 'of one grant'],
      ['grants journal --json > journal.jsonl', 'all of it, one line of JSON each'],
    ],
    READING,
  );
}

function declareAudit(grants: Command, run: Declare['run']): void {
  const audit = grants
    .command('audit')
    .summary('find everything that lets anybody pull')
    .description(
      'Look at the clusters and registries of the configuration for everything that lets anybody pull, whoever made it:\n' +
        'bindings by the rules of their roles, statements of policies, members. What reaches too far comes first.',
    )
    .option('--cluster <name>', 'only of this cluster')
    .option('--registry <host>', 'only of this registry')
    .addOption(
      new Option(
        '--fail-on <class>',
        `end with 4 where something of this class is found: ${AUDIT_CLASSES.join(', ')}; may be repeated`,
      ).argParser(oneOf(AUDIT_CLASSES)),
    )
    .action((options: GrantsAuditOptions) =>
      run(async (context) => (await import('../commands/grants-audit.ts')).runGrantsAudit(context, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(audit),
    [
      ['grants audit', 'all of it, what reaches too far first'],
      ['grants audit --fail-on over-broad -q', 'does everybody get in somewhere? for a pipeline'],
      ['grants audit --cluster prod --json', 'as data, one finding a line'],
    ],
    RUNNING,
    { [EXIT.refused]: 'something of the class of --fail-on was found' },
  );
}

function declareImport(grants: Command, run: Declare['run']): void {
  const imports = grants
    .command('import')
    .summary('make grants of what people made by hand')
    .description(
      'Print the grants that say what bindings and statements of others say already, for a file of the configuration.\n' +
        'They only observe; with --adopt the next `transship grants apply` takes over what says exactly the same.',
    )
    .option('--cluster <name>', 'only of this cluster')
    .addOption(new Option('--registry <host>', 'only of this registry; may be repeated').argParser(commaSeparated))
    .option('--adopt', 'take them over with the next apply')
    .action((options: GrantsImportOptions) =>
      run(async (context) => (await import('../commands/grants-import.ts')).runGrantsImport(context, options), {
        readOnly: true,
      }),
    );
  end(
    imports,
    [
      ['grants import > grants.yaml', 'to be looked at, and used as one more --config'],
      ['grants import --cluster prod --adopt', 'to be taken over'],
    ],
    [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.interrupted],
  );
}

/** Of these words, any number of times. */
function oneOf(words: readonly string[]): (text: string, previous: string[] | undefined) => string[] {
  return (text, previous) => {
    const found = commaSeparated(text, previous);
    if (found.every((one) => words.includes(one))) return found;
    throw new InvalidArgumentError(`it is one of ${words.join(', ')}`);
  };
}

function readSequence(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('it is the number of a line');
}

function end(
  command: Command,
  examples: readonly Example[],
  exitCodes: readonly number[],
  meanings: Readonly<Record<number, string>> = {},
): void {
  command.addHelpText(
    'after',
    helpEnding(
      examples,
      exitCodes.toSorted((one, other) => one - other),
      meanings,
    ),
  );
}
