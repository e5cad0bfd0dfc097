// The version of this program.
import { packageRoot } from './package-root.ts';

/** The version in our package.json. @throws TransshipError internal if the installation is broken */
export function packageVersion(): string {
  return packageRoot().version;
}
