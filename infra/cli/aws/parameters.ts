// The parameters of a deployment: what the command line gives, and what the last deployment was given and the next one keeps.
import { DEPLOYMENT_PARAMETERS, type DeploymentParameter } from '../../aws/stack/deployment.ts';
import { nearestWord } from '../../../shared/config/nearest-word.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Deployment } from './deployment.ts';

export type Parameters = ReadonlyMap<string, string>;

export type Merged = {
  /** For osls, which has the others by default. */
  parameters: Parameters;
  /** Those of them that nobody named this time. */
  kept: Parameters;
  /** What the last deployment had and this version has no parameter for. */
  unknown: Parameters;
};

/**
 * As after `--param`; the last one of a name counts. An empty value takes the parameter away: it has its default again.
 * @throws TransshipError invalid-usage also for names that serverless.yml does not know: osls passes over them
 */
export function readParameters(texts: readonly string[] = []): Parameters {
  return new Map(texts.map(readParameter));
}

function readParameter(text: string): [string, string] {
  const [, name = '', given = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  // as osls does
  const value = given.trimEnd();
  const shown = printable(text, 200);
  if (name === '') {
    throw new TransshipError('invalid-usage', `--param "${shown}" is not written as name=value`, {
      hint: 'write it like --param alarmEmail=ops@example.com; an empty value takes a parameter away',
    });
  }
  if (!isKnown(name)) {
    const near = nearestWord(name, DEPLOYMENT_PARAMETERS);
    throw new TransshipError('invalid-usage', `--param "${shown}": there is no parameter ${printable(name, 60)}`, {
      hint: near === undefined ? `there are ${DEPLOYMENT_PARAMETERS.join(', ')}` : `did you mean ${near}?`,
    });
  }
  if (name === 'protectStack' && !['true', 'false', ''].includes(value)) {
    throw new TransshipError('invalid-usage', `--param "${shown}" is neither true nor false`, {
      hint: 'write --param protectStack=false, to be able to remove the stack',
    });
  }
  return [name, value];
}

/** What the command line says goes first; what neither names has its default. */
export function mergeParameters(asked: Parameters, deployed: Parameters): Merged {
  const kept = new Map([...deployed].filter(([name]) => isKnown(name) && !asked.has(name)));
  // osls takes no empty ones
  const parameters = new Map([...kept, ...asked].filter(([, value]) => value !== ''));
  return { parameters, kept, unknown: new Map([...deployed].filter(([name]) => !isKnown(name))) };
}

/** What a deployment was given, which is what differs from its defaults. */
export function givenTo({ parameters, defaults }: Deployment): Parameters {
  return new Map([...parameters].filter(([name, value]) => defaults.get(name) !== value));
}

/** True where it has just these, and all others by default. */
export function isDeployedWith(deployment: Deployment, parameters: Parameters): boolean {
  const isAsWanted = [...parameters].every(([name, value]) => deployment.parameters.get(name) === value);
  return isAsWanted && [...givenTo(deployment).keys()].every((name) => parameters.has(name));
}

/** As osls wants them. */
export function wordsOf(parameters: Parameters): string[] {
  return [...parameters].map(([name, value]) => `--param=${name}=${value}`);
}

/** For people: `subnetIds=subnet-1,subnet-2, alarmEmail=ops@example.com`. */
export function toldParameters(parameters: Parameters): string {
  return [...parameters].map(([name, value]) => printable(`${name}=${value}`, 200)).join(', ');
}

function isKnown(name: string): name is DeploymentParameter {
  return DEPLOYMENT_PARAMETERS.some((one) => one === name);
}
