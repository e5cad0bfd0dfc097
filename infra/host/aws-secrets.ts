// Secrets of AWS as the configuration names them. What was read is kept for a few minutes: a process asks for some at each request, and
// one that is rotated is read anew soon.
import type { SecretSources } from '../../shared/config/secrets.ts';
import { isTransshipError, TransshipError } from '../../shared/errors.ts';
import { getParameterText, getSecretText } from '../../shared/identity/aws-secrets.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';
import { patiently } from './patiently.ts';

export type AwsSecretSources = Required<Pick<SecretSources, 'awsSecret' | 'awsParameter'>>;

const KEPT_MS = 5 * 60_000;

type Kept = { text: Promise<Secret>; until: number };

/** @param now in milliseconds */
export function awsSecretSources(env: NodeJS.ProcessEnv, now: () => number = Date.now): AwsSecretSources {
  const kept = new Map<string, Kept>();
  const surroundings = { identity: {}, env, now };

  function keep(name: string, read: () => Promise<Secret>): Promise<Secret> {
    const known = kept.get(name);
    if (known !== undefined && now() < known.until) return known.text;
    const text = patiently(read);
    kept.set(name, { text, until: now() + KEPT_MS });
    // what cannot be read now may be there the next time
    text.catch(() => kept.delete(name));
    return text;
  }

  return {
    async awsSecret({ id, key }) {
      const text = await keep(`secret ${id}`, () => getSecretText(id, surroundings)).catch(readable(id));
      return key === undefined ? text.reveal() : memberOf(text, { id, key });
    },
    async awsParameter({ name }) {
      const read = async () => (await getParameterText(name, surroundings)).text;
      return (await keep(`parameter ${name}`, read).catch(readable(name))).reveal();
    },
  };
}

/** What is no passing trouble is one of the configuration: it names what is not there, or what nobody allowed. */
function readable(name: string): (error: unknown) => never {
  return (error) => {
    if (!isTransshipError(error, 'denied', 'not-found')) throw error;
    const hint =
      error.code === 'denied'
        ? `${error.hint}: for ${name}, and kms:Decrypt where a key of your own encrypts it`
        : (error.hint ?? 'check the name');
    throw new TransshipError('invalid-config', error.message, { hint, details: error.details, cause: error });
  };
}

/** @throws TransshipError invalid-config, with the names of members and none of their values */
function memberOf(text: Secret, { id, key }: { id: string; key: string }): string {
  const members = membersOf(text);
  if (members === undefined) {
    throw new TransshipError('invalid-config', `the AWS secret ${id} is no JSON object: it has no ${key}`, {
      hint: 'leave key out to use it whole, or keep it as JSON: {"key":"value"}',
    });
  }
  const value = members.get(key);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const why = value === undefined ? `has no ${key}` : `has no text in ${key}`;
  throw new TransshipError('invalid-config', `the AWS secret ${id} ${why}`, {
    hint: `name one of its members: ${[...members.keys()].slice(0, 10).join(', ')}`,
  });
}

function membersOf(text: Secret): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.reveal());
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value));
  } catch {
    return undefined;
  }
}
