// What changes in a Secret, in words without any value.

type Entries = ReadonlyMap<string, { value: string }>;

/** One line each, sorted by host; for marks alone, one line about them. */
export function differenceOf(before: Entries, after: Entries): string[] {
  const hosts = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  const lines = hosts.flatMap((host) => {
    const [old, fresh] = [before.get(host), after.get(host)];
    if (old === undefined) return [`+ ${host}`];
    if (fresh === undefined) return [`- ${host}`];
    return old.value === fresh.value ? [] : [`~ ${host}`];
  });
  return lines.length > 0 ? lines : ['~ labels and annotations'];
}
