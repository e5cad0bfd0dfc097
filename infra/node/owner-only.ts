// Keeps what a server puts into its data folder from everybody but its owner.
import { chmodSync, closeSync, openSync } from 'node:fs';

/** A folder that somebody else made for us, a mounted volume for one, keeps its rights. */
export function closeToOthers(folder: string): void {
  try {
    chmodSync(folder, 0o700);
  } catch {
    // not ours to change
  }
}

/** Makes the file, empty, or takes it from others; where neither can be done, whoever opens it says what is wrong. */
export function makeOwnFile(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch {
    // told by the next who opens it
  }
}
