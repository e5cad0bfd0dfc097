// Output for machines: one JSON value a line on stdout.
import type { Io } from '../io.ts';

/** Prints one value with its `type` first. */
export function printJsonLine(io: Io, value: { type: string } & Record<string, unknown>): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}
