// The entries of a Secret as texts: those of others go through a change unread and byte for byte.
import { compareBytes, readEntries } from './docker-config.ts';
import { goString } from './go-json.ts';
import { membersOf } from './json-members.ts';

export type SecretEntries = {
  /** By their keys: the texts of the values, and of the keys where they are written in another way than ours. */
  entries: ReadonlyMap<string, EntryText>;
  /** What stands beside `auths`. */
  others: readonly string[];
};

export type EntryText = { value: string; key?: string };

export const NO_ENTRIES: SecretEntries = { entries: new Map(), others: [] };

/** Undefined for what a kubelet would not take, and for what cannot be written back as it is. */
export function parseEntries(text: string): SecretEntries | undefined {
  // U+FFFD stands where the bytes were no UTF-8
  if (text.includes('\uFFFD') || readEntries(text) === undefined) return undefined;
  const members = membersOf(text);
  const auths = members.filter(({ name }) => name.toLowerCase() === 'auths');
  const [first] = auths;
  if (auths.length > 1 || (first === undefined && members.length > 0)) return undefined;
  const entries = first === undefined || first.valueText === 'null' ? [] : membersOf(first.valueText);
  return {
    entries: new Map(entries.map(({ name, nameText, valueText }) => [name, { value: valueText, key: nameText }])),
    others: members.filter((member) => member !== first).map(({ nameText, valueText }) => `${nameText}:${valueText}`),
  };
}

/** Sorted by key, so that the same entries are always the same bytes: kubectl's, where all of them are ours. */
export function formatEntries({ entries, others }: SecretEntries): string {
  const auths = [...entries]
    .toSorted(([left], [right]) => compareBytes(left, right))
    .map(([name, { key, value }]) => `${key ?? goString(name)}:${value}`);
  return `{${[`"auths":{${auths.join(',')}}`, ...others].join(',')}}`;
}
