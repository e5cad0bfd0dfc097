// What functions may by one configuration and not by another: their roles follow from what it names.
import { configCalls } from '../../aws/stack/calls/config-calls.ts';
import type { Statement } from '../../aws/stack/calls/statement.ts';
import { AWS_FUNCTIONS } from '../../aws/stack/functions.ts';
import type { Config } from '../../../shared/config/config.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { IN_LAMBDA } from './deployed-config.ts';

/**
 * The rights that the first needs and the second does not, as `mirror-image: ecr:PutImage on arn:…`. Compared as they are written: one that
 * another one covers by its wildcard counts as a right of its own.
 * A text that functions cannot read needs none.
 */
export function rightsOnlyOf(one: string, other: string): string[] {
  const others = new Set(rightsOf(other));
  return rightsOf(one).filter((right) => !others.has(right));
}

function rightsOf(text: string): string[] {
  const config = configOf(text);
  if (config === undefined) return [];
  return AWS_FUNCTIONS.flatMap(({ name }) =>
    configCalls(name, config).flatMap((statement) => told(statement).map((right) => `${name}: ${right}`)),
  );
}

function configOf(text: string): Config | undefined {
  try {
    return readConfig([{ file: 'transship.yaml', text }], IN_LAMBDA).config;
  } catch (error) {
    if (isTransshipError(error, 'invalid-config')) return undefined;
    throw error;
  }
}

function told({ Action, Resource, Condition }: Statement): string[] {
  const where = Condition === undefined ? '' : ` where ${JSON.stringify(Condition)}`;
  return Action.flatMap((action) => Resource.map((resource) => `${action} on ${textOf(resource)}${where}`));
}

function textOf(resource: unknown): string {
  return typeof resource === 'string' ? resource : JSON.stringify(resource);
}
