// Whether a key that is to come into a Secret is somebody else's there, under the same or under another spelling: the kubelet would not
// know which of the two to take.
import type { Choice } from './choose-entry.ts';
import type { Claim, Conflict } from './claim.ts';
import { keyringKey, keyText } from './keyring-key.ts';
import type { SecretEntries } from './secret-entries.ts';
import type { CredentialMark } from './secret-marks.ts';

/** The keys of others that become ours; a conflict where nobody allowed that. */
export function findTaken(
  { target, kind }: Claim,
  { entries }: SecretEntries,
  marks: readonly CredentialMark[],
  choices: readonly Choice[],
): { hosts: string[] } | Conflict {
  const ours = new Set(marks.flatMap(({ hosts }) => hosts));
  const coming = new Map(
    choices.flatMap(({ values }) => [...(values ?? [])]).map(([host, value]) => [spelled(host), value]),
  );
  const met = [...entries].filter(([key]) => !ours.has(key) && coming.has(spelled(key)));
  // Without marks it is known that it is ours, but not what in it: somebody damaged them.
  const isAllowed = kind === 'adopted' || target.rule.adopt || marks.length === 0;
  const strange = met.find(([key, { value }]) => value !== coming.get(spelled(key)));
  if (isAllowed || strange === undefined) return { hosts: met.map(([key]) => key) };
  return {
    reason: 'host-taken',
    message: `Secret ${target.secret} has an entry for ${strange[0]} that rule "${target.rule.name}" did not write`,
    hint: 'remove that entry, or set adopt: true to have it replaced',
  };
}

function spelled(key: string): string {
  const known = keyringKey(key);
  return known === undefined ? key : keyText(known);
}
