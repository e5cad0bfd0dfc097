// Whether a key that is to come into a Secret is somebody else's there, under the same or under another spelling: the kubelet would not
// know which of the two to take. Only the registry of that key waits then; what else is in the Secret is renewed as ever.
import type { Choice } from './choose-entry.ts';
import type { Claim, Conflict } from './claim.ts';
import { keyringKey, keyText } from './keyring-key.ts';
import type { SecretEntries } from './secret-entries.ts';
import type { CredentialMark } from './secret-marks.ts';

type NamedChoice = Choice & { registry: string };
type Values = ReadonlyMap<string, string>;

export type Settled = {
  choices: readonly NamedChoice[];
  /** The keys of others that become ours. */
  hosts: readonly string[];
  /** Where nobody allowed that. */
  conflicts: readonly Conflict[];
};

/** What is left of the choices where others have entries. */
export function settleTaken(
  { target, kind }: Claim,
  { entries }: SecretEntries,
  marks: readonly CredentialMark[],
  choices: readonly NamedChoice[],
): Settled {
  const ours = new Set(marks.flatMap(({ hosts }) => hosts));
  const foreign = [...entries].filter(([key]) => !ours.has(key));
  // Without marks it is known that it is ours, but not what in it: somebody damaged them.
  const isAllowed = kind === 'adopted' || target.rule.adopt || marks.length === 0;
  const hosts: string[] = [];
  const conflicts: Conflict[] = [];
  const settled = choices.map((choice): NamedChoice => {
    const { registry, values } = choice;
    if (values === undefined) return choice;
    const coming = new Map([...values].map(([host, value]) => [spelled(host), value]));
    const met = foreign.filter(([key]) => coming.has(spelled(key)));
    const strange = met.filter(([key, { value }]) => value !== coming.get(spelled(key)));
    const [first] = strange;
    if (isAllowed || first === undefined) {
      hosts.push(...met.map(([key]) => key));
      return choice;
    }
    conflicts.push(taken(first[0], target));
    if (strange.every(([key]) => isOursToo(key, values, ours))) return choice;
    const mark = marks.find((one) => one.registry === registry);
    return mark?.hosts.every((host) => entries.has(host)) === true ? { registry, mark } : { registry };
  });
  return { choices: settled, hosts, conflicts };
}

/** Somebody put it beside ours in another spelling: to let ours end would help nobody. */
function isOursToo(key: string, values: Values, ours: ReadonlySet<string>): boolean {
  return !values.has(key) && [...values.keys()].every((host) => spelled(host) !== spelled(key) || ours.has(host));
}

function taken(key: string, { secret, rule }: Claim['target']): Conflict {
  return {
    reason: 'host-taken',
    message: `Secret ${secret} has an entry for ${key} that rule "${rule.name}" did not write`,
    hint: 'remove that entry, or set adopt: true to have it replaced',
  };
}

function spelled(key: string): string {
  const known = keyringKey(key);
  return known === undefined ? key : keyText(known);
}
