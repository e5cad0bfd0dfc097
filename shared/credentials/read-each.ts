// Reads namespaces one by one: one that cannot be read keeps no other from being served.
import { isTransshipError, type TransshipError } from '../errors.ts';
import { inFlight } from '../cluster/in-flight.ts';

const IN_FLIGHT = 12;

/** By name. @throws what ends the run, and the first failure where nothing at all could be read */
export async function readEach<Found>(
  names: readonly string[],
  read: (name: string) => Promise<Found>,
): Promise<{ found: Map<string, Found>; unread: Map<string, TransshipError> }> {
  const found = new Map<string, Found>();
  const unread = new Map<string, TransshipError>();
  await inFlight(IN_FLIGHT, names, async (name) => {
    try {
      found.set(name, await read(name));
    } catch (error) {
      if (!isTransshipError(error) || isTransshipError(error, 'interrupted', 'fence-lost')) throw error;
      unread.set(name, error);
    }
  });
  const [first] = unread.values();
  if (first !== undefined && found.size === 0) throw first;
  return { found, unread };
}
