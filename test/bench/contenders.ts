// The programs that are compared, each found where the tests find it, with the command that copies a whole image and changes nothing.
import { execFileSync } from 'node:child_process';
import { COMPONENTS, type Component, type ComponentName } from '../support/provision/components.ts';
import { locate, searchPath } from '../support/provision/locate.ts';
import type { Command } from './measure.ts';
import { OURS, OURS_ALONE } from './results.ts';

type CopyRequest = {
  sourceHost: string;
  targetHost: string;
  /** host/repository:tag */
  source: string;
  target: string;
  /** The private authority of both registries; without it they speak plain HTTP. Go programs also have it as SSL_CERT_FILE. */
  caFile: string | undefined;
};

export type Contender = { name: string; version: string; copy: (request: CopyRequest) => Command };

type Arguments = (request: CopyRequest) => string[];

const OTHERS: Partial<Record<ComponentName, Arguments>> = {
  skopeo: ({ source, target, caFile }) => [
    'copy',
    '--insecure-policy',
    '--quiet',
    '--all',
    '--preserve-digests',
    ...(caFile === undefined ? ['--src-tls-verify=false', '--dest-tls-verify=false'] : []),
    `docker://${source}`,
    `docker://${target}`,
  ],
  crane: ({ source, target, caFile }) => ['copy', ...(caFile === undefined ? ['--insecure'] : []), source, target],
  regctl: ({ sourceHost, targetHost, source, target, caFile }) => [
    'image',
    'copy',
    ...(caFile === undefined ? [sourceHost, targetHost].flatMap((host) => ['--host', `reg=${host},tls=disabled`]) : []),
    source,
    target,
  ],
};

/** Transship as it comes and with `--no-referrers`; `launcher` is a file that runs on this process's Node. */
export function ourContenders(launcher: string, version: string): Contender[] {
  const copyWith =
    (...flags: string[]) =>
    ({ sourceHost, targetHost, source, target, caFile }: CopyRequest): Command => {
      const trust =
        caFile === undefined ? ['--plain-http', sourceHost, '--plain-http', targetHost] : ['--ca-file', caFile];
      return { program: process.execPath, args: [launcher, 'copy', '--quiet', ...flags, ...trust, source, target] };
    };
  return [
    { name: OURS, version, copy: copyWith() },
    { name: OURS_ALONE, version, copy: copyWith('--no-referrers') },
  ];
}

/** The others that are installed; any version will do, its number is shown. */
export function otherContenders(env: NodeJS.ProcessEnv): Contender[] {
  return COMPONENTS.flatMap((component) => {
    const argumentsOf = OTHERS[component.name];
    const program = locate(component, env)?.path ?? searchPath(component.binary, env)[0];
    if (argumentsOf === undefined || program === undefined) return [];
    const copy = (request: CopyRequest) => ({ program, args: argumentsOf(request) });
    return [{ name: component.name, version: programVersion(program, component), copy }];
  });
}

export function programVersion(program: string, { versionArguments }: Component): string {
  const output = execFileSync(program, versionArguments, { encoding: 'utf8' });
  return /\d+\.\d+[\w.+-]*/.exec(output)?.[0] ?? 'unknown';
}
