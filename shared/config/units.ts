// Durations, sizes and rates as people write them: `90s`, `6h`, `1h30m`; `64MiB`; `600/min`.
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const RATE_UNITS: Readonly<Record<string, number>> = { s: 60, min: 1, m: 1, h: 1 / 60 };

/** Milliseconds. @throws TransshipError invalid-config */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  const durationMs = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (DURATION_UNITS[unit] ?? 0), 0);
  if (parts.map(([whole]) => whole).join('') === text && durationMs > 0) return durationMs;
  throw refused(`"${printable(text, 60)}" is not a duration`, 'write it like 30s, 15m, 6h or 7d');
}

/** Bytes; what is counted by the second may end in "/s". @throws TransshipError invalid-config */
export function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s?([A-Za-z]*)(?:\/s)?$/.exec(text) ?? [];
  const factor = SIZE_UNITS[unit];
  const sizeBytes = Math.round(Number(count) * (factor ?? 0));
  if (sizeBytes > 0 && Number.isSafeInteger(sizeBytes)) return sizeBytes;
  throw refused(`"${printable(text, 60)}" is not a size`, 'write it like 512KiB, 64MiB or 2GiB');
}

/** Requests a minute. @throws TransshipError invalid-config */
export function parseRate(text: string): number {
  const [, count, unit = ''] = /^(\d+)\/(s|min|m|h)$/.exec(text) ?? [];
  const perMinute = Number(count) * (RATE_UNITS[unit] ?? 0);
  if (perMinute > 0) return perMinute;
  throw refused(`"${printable(text, 60)}" is not a rate`, 'write it like 600/min or 10/s');
}

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
