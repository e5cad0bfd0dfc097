// Platforms: reads how people write them, gives every system one spelling, and compares.
// https://github.com/containerd/platforms/blob/main/database.go
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { Platform } from './descriptor.ts';

const COMPONENT = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const OS_VERSION = /^[0-9]+(?:\.[0-9]+)*$/;
const EXAMPLES =
  'write os/architecture or os/architecture/variant, like linux/amd64 or linux/arm/v7; for Windows, windows/amd64:10.0.17763 names a version';

// Other names of an architecture, with the variant they imply.
const ARCHITECTURE_ALIASES = new Map<string, { architecture: string; variant?: string }>([
  ['i386', { architecture: '386' }],
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['aarch64', { architecture: 'arm64' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
]);
// The variant that an architecture without one means; it is dropped, except for arm, where it is written out.
const BASE_VARIANTS = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
]);

/** Reads `os/architecture[/variant][:os.version]`, normalised. @throws TransshipError invalid-platform */
export function parsePlatform(text: string): Platform {
  if (text === 'local') throw invalid(text, 'it depends on the machine', 'name the platform, like linux/amd64');
  const colon = text.indexOf(':');
  const osVersion = colon < 0 ? undefined : text.slice(colon + 1);
  const components = (colon < 0 ? text : text.slice(0, colon)).split('/');
  const [os = '', architecture = '', variant] = components;
  if (components.length < 2) throw invalid(text, 'the architecture is missing');
  if (components.length > 3) throw invalid(text, 'it has too many parts');
  for (const component of components) {
    if (component === '') throw invalid(text, 'a part is empty');
    if (!COMPONENT.test(component)) throw invalid(text, `"${printable(component, 60)}" is not a valid name`);
  }
  if (osVersion !== undefined && !OS_VERSION.test(osVersion)) {
    throw invalid(text, `"${printable(osVersion, 60)}" is not a version of numbers and dots`);
  }
  return normalisePlatform({
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { 'os.version': osVersion }),
  });
}

/** The text that `parsePlatform` reads; `os.features` are left out. */
export function formatPlatform(platform: Platform): string {
  const variant = platform.variant ? `/${platform.variant}` : '';
  const osVersion = platform['os.version'] ? `:${platform['os.version']}` : '';
  return `${platform.os}/${platform.architecture}${variant}${osVersion}`;
}

/** The same platform in the spelling of containerd: x86_64 is amd64, arm is arm/v7, arm64/v8 is arm64. */
export function normalisePlatform(platform: Platform): Platform {
  const { os: givenOs, architecture: givenArchitecture, variant: givenVariant, ...rest } = platform;
  const os = givenOs.toLowerCase();
  const alias = ARCHITECTURE_ALIASES.get(givenArchitecture.toLowerCase());
  const architecture = alias?.architecture ?? givenArchitecture.toLowerCase();
  const variant = normaliseVariant(architecture, alias?.variant ?? (givenVariant ?? '').toLowerCase());
  return { os: os === 'macos' ? 'darwin' : os, architecture, ...(variant !== '' && { variant }), ...rest };
}

/**
 * True where an entry of an index is the platform that is wanted, whatever the spelling.
 * A wanted `os.version` matches the same version and those that continue it: 10.0.17763 matches 10.0.17763.1397.
 */
export function matchesPlatform(candidate: Platform, wanted: Platform): boolean {
  const has = normalisePlatform(candidate);
  const wants = normalisePlatform(wanted);
  if (has.os !== wants.os || has.architecture !== wants.architecture || has.variant !== wants.variant) return false;
  return matchesVersion(has['os.version'] ?? '', wants['os.version'] ?? '');
}

function matchesVersion(version: string, wanted: string): boolean {
  return wanted === '' || version === wanted || version.startsWith(`${wanted}.`);
}

function normaliseVariant(architecture: string, variant: string): string {
  const numbered = /^[0-9]/.test(variant) && architecture.startsWith('arm') ? `v${variant}` : variant;
  if (architecture === 'arm' && numbered === '') return 'v7';
  return numbered === BASE_VARIANTS.get(architecture) ? '' : numbered;
}

function invalid(text: string, reason: string, hint = EXAMPLES): TransshipError {
  return new TransshipError('invalid-platform', `invalid platform "${printable(text, 100)}": ${reason}`, { hint });
}
