// Tags as versions: `3.20`, `v1.2.3`, `1.2.3-rc.1`, `1.2.3_build`. What is missing is zero; ranges are those of npm's semver.
// https://semver.org and https://github.com/npm/node-semver#ranges
import Range from 'semver/classes/range.js';
import SemVer from 'semver/classes/semver.js';
import { TransshipError } from '../../errors.ts';
import { printable } from '../../telemetry/printable.ts';

const NAMES_PRERELEASE = /[\dx*]-[0-9a-z]/i;

export type TagVersion = SemVer;

// Helm writes the "+" before build metadata as "_", because tags have no "+". https://helm.sh/docs/topics/registries/
const VERSION = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]+))?(?:_[0-9A-Za-z._-]+)?$/;

/** The version that a tag names; undefined for tags like `latest`, and for numbers of more than three parts. */
export function versionOfTag(tag: string): TagVersion | undefined {
  const [, major, minor = '0', patch = '0', prerelease] = VERSION.exec(tag) ?? [];
  if (major === undefined) return undefined;
  const numbers = [major, minor, patch].map(Number).join('.');
  try {
    return new SemVer(prerelease === undefined ? numbers : `${numbers}-${prerelease}`, { loose: true });
  } catch {
    return undefined;
  }
}

/** Negative if `left` is the newer version: for sorting the newest first. */
export function newestFirst(left: TagVersion, right: TagVersion): number {
  return right.compare(left);
}

/**
 * A test of versions against a range. Pre-releases (`1.2.3-rc.1`) are in no range, unless they are asked for or the range itself
 * names one (`>=1.2.3-0`).
 * @throws TransshipError invalid-config
 */
export function compileRange(text: string, options: { prereleases: boolean }): (version: TagVersion) => boolean {
  const includePrerelease = options.prereleases || NAMES_PRERELEASE.test(text);
  try {
    if (text.trim() === '') throw new TypeError('empty');
    // elsewhere (Helm, Flux) a comma stands between what must hold together
    const range = new Range(withThreeParts(text.replaceAll(',', ' ')), { includePrerelease });
    return (version) => range.test(version);
  } catch {
    throw new TransshipError('invalid-config', `"${printable(text, 100)}" is not a range of versions`, {
      hint: 'write it like >=3.18, ^1.2, ~1.2.3, 1.x, >=1.0 <3 or 1.x || 3.x',
    });
  }
}

/** npm wants all three parts before a pre-release: `>=3.20-0` is `>=3.20.0-0`. */
function withThreeParts(text: string): string {
  return text.replaceAll(
    /(^|[^\w.-])v?(\d+)(?:\.(\d+))?-(?=[0-9A-Za-z])/g,
    (_, before: string, major: string, minor = '0') => `${before}${major}.${minor}.0-`,
  );
}
