// What can come next on a command line: a pure function of the program's definition and the words typed so far.
import type { Command, Option } from 'commander';

export type Candidate = { text: string; meaning: string };

/** The candidates for the last of the words (which may be empty), or `files` where a file name is expected. */
export function candidatesFor(program: Command, words: readonly string[]): readonly Candidate[] | 'files' {
  // bash splits `--option=value` into three words
  const typed = words.filter((word, index) => word !== '=' || index === words.length - 1);
  const last = typed.at(-1) ?? '';
  const current = last === '=' ? '' : last;
  const { command, pending, positionals, literal } = walk(program, typed.slice(0, -1));
  if (pending !== undefined) return valuesOf(pending, current, '');
  if (literal) return argumentValues(command, positionals, current);
  const [, name, start] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && start !== undefined) {
    const option = optionsOf(command).find((candidate) => candidate.long === name);
    return option === undefined ? [] : valuesOf(option, start, `${name}=`);
  }
  if (current.startsWith('-')) return matching(optionCandidates(command), current);
  const commands = command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ text: sub.name(), meaning: sub.summary() || sub.description() }));
  return commands.length > 0 ? matching(commands, current) : argumentValues(command, positionals, current);
}

type Position = { command: Command; pending: Option | undefined; positionals: number; literal: boolean };

/** Finds the command that the words lead to, and the option that still waits for its value. */
function walk(program: Command, words: readonly string[]): Position {
  const position: Position = { command: program, pending: undefined, positionals: 0, literal: false };
  for (const word of words) {
    if (position.pending !== undefined) {
      position.pending = undefined;
    } else if (position.literal) {
      position.positionals += 1;
    } else if (word === '--') {
      position.literal = true;
    } else if (word.startsWith('-')) {
      position.pending = optionsOf(position.command).find(
        (option) => option.required && (option.long === word || option.short === word),
      );
    } else {
      const sub = position.command.commands.find((candidate) => candidate.name() === word);
      if (sub === undefined) position.positionals += 1;
      else position.command = sub;
    }
  }
  return position;
}

function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function optionCandidates(command: Command): Candidate[] {
  return optionsOf(command).map((option) => ({
    text: option.long ?? option.flags,
    meaning: firstSentence(option.description),
  }));
}

function valuesOf(option: Option, start: string, prefix: string): readonly Candidate[] | 'files' {
  if (/<file>/.test(option.flags)) return 'files';
  const values = (option.argChoices ?? []).map((text) => ({ text, meaning: '' }));
  return matching(values, start).map(({ text, meaning }) => ({ text: `${prefix}${text}`, meaning }));
}

function argumentValues(command: Command, positionals: number, current: string): Candidate[] {
  const argument = command.registeredArguments[positionals];
  return matching(
    (argument?.argChoices ?? []).map((text) => ({ text, meaning: '' })),
    current,
  );
}

function matching(candidates: readonly Candidate[], start: string): Candidate[] {
  return candidates.filter(({ text }) => text.startsWith(start));
}

function firstSentence(text: string): string {
  return text.split(/[;\n]|\. /, 1)[0] ?? '';
}
