// Texts that mean something: hosts, durations, patterns, time zones. Each is checked by the function that reads it later, so that
// a configuration that was accepted can be used. A refusal carries its hint in a second line.
import { Cron } from 'croner';
import * as z from 'zod';
import { isTransshipError, messageOf, TransshipError } from '../../errors.ts';
import type { TagSet } from '../../mirror/selection.ts';
import { compileTagPattern } from '../../mirror/pattern/tag-pattern.ts';
import { compileRange } from '../../mirror/pattern/tag-version.ts';
import { parseSourcePattern } from '../../mirror/source-pattern.ts';
import { parseTargetTemplate } from '../../mirror/target-template.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import { printable } from '../../telemetry/printable.ts';
import { parseHost, parseListen } from '../hosts.ts';
import { nearestWord } from '../nearest-word.ts';
import { parseDuration, parseRate, parseSize } from '../units.ts';

type Context = { addIssue(issue: { code: 'custom'; message: string }): void };

/** Runs a check that throws and makes an issue of what it throws. */
function refuseWith<Value>(check: (value: Value) => unknown): (value: Value, context: Context) => void {
  return (value, context) => {
    try {
      check(value);
    } catch (error) {
      if (!isTransshipError(error)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message}\n${error.hint ?? ''}` });
    }
  };
}

function textOf(check: (text: string) => unknown, meta: { pattern?: string; examples?: string[] } = {}): z.ZodString {
  return z.string().superRefine(refuseWith(check)).meta(meta);
}

export const host = textOf(parseHost, { examples: ['docker.io', 'harbor.acme.io', '172.18.0.20:5000'] });

export const trustedHost = textOf((text) => parseHost(text.replace(/^\*\./, '')), {
  examples: ['auth.acme.io', '*.cdn.acme.io'],
});

export const probe = textOf(
  (text) => {
    parseReference(`registry.example/${text}`);
    if (text.includes('@')) throw refused('a digest has no place here', 'write it like team/app or team/app:1.0');
  },
  { examples: ['team/app', 'team/app:1.0'] },
);

export const listenAddress = textOf(parseListen, { examples: ['127.0.0.1:8080', '[::1]:8080'] });

export const duration = textOf(parseDuration, {
  pattern: String.raw`^(\d+(\.\d+)?(ms|[smhdw]))+$|\$\{`,
  examples: ['30s', '15m', '6h', '7d'],
});

export const size = textOf(parseSize, {
  pattern: String.raw`^\d+(\.\d+)?\s?([kKMGT]i?)?B?(/s)?$|\$\{`,
  examples: ['50MiB', '2GiB'],
});

export const rate = textOf(parseRate, { pattern: String.raw`^\d+/(s|min|m|h)$|\$\{`, examples: ['600/min'] });

export const sourcePattern = textOf(parseSourcePattern, {
  examples: ['docker.io/library/{alpine,debian}', 'quay.io/acme/*', 'harbor.acme.io/team/**'],
});

export const targetTemplate = textOf(parseTargetTemplate, {
  examples: ['harbor.acme.io/mirror/{repository}', 'harbor.acme.io/mirror/{name}:{tag}'],
});

export const platform = textOf(parsePlatform, { examples: ['linux/amd64', 'linux/arm/v7'] });

export const tagPattern = textOf(compileTagPattern, { examples: ['3.*', '/^v\\d+$/'] });

export const versionRange = textOf((text) => compileRange(text, { prereleases: false }), {
  examples: ['>=3.18', '^1.2', '1.x || 3.x'],
});

/** A name in a list of entries, of which messages and addresses are made. */
export const entryName = textOf((text) => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(text)) return;
  throw refused(
    `"${printable(text, 100)}" is not a name`,
    'use letters, digits, ".", "_" and "-", at most 100 of them',
  );
});

export const timeZone = textOf((text) => {
  try {
    Intl.DateTimeFormat('en', { timeZone: text });
  } catch {
    const meant = nearestWord(text, Intl.supportedValuesOf('timeZone'));
    const hint = meant === undefined ? 'write it like Europe/Rome or UTC' : `did you mean ${meant}?`;
    throw refused(`"${printable(text, 60)}" is not a time zone`, hint);
  }
});

export const cron = textOf(
  (text) => {
    const hint = 'five fields: minute, hour, day of month, month, day of week, like 17 * * * *';
    const fields = text.trim().split(/\s+/).length;
    if (fields !== 5 && !text.startsWith('@')) {
      throw refused(`"${printable(text, 60)}" is not a cron expression: it has ${fields} of the 5 fields`, hint);
    }
    let next: Date | null;
    try {
      // without a time zone by name, which takes long to look up
      next = new Cron(text, { mode: '5-part', paused: true, utcOffset: 0 }).nextRun();
    } catch (error) {
      const reason = messageOf(error).replace(/^Cron(?:Pattern|Date): /, '');
      throw refused(`"${printable(text, 60)}" is not a cron expression: ${reason}`, hint);
    }
    if (next === null) throw refused(`"${printable(text, 60)}" never comes`, 'choose a day that the month has');
  },
  { examples: ['17 * * * *', '0 4 * * 1-5'] },
);

export const webAddress = textOf((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return;
  throw refused('it is not an https address', 'write it like https://token.actions.githubusercontent.com');
});

/** What only shows when the members of a set are seen together. */
export const checkTagSet = refuseWith((set: TagSet) => {
  if (set.by !== undefined && set.latest === undefined) {
    throw refused('"by" has no meaning without "latest"', 'add latest: N, or leave "by" out');
  }
  if (set.prereleases !== undefined && set.semver === undefined) {
    throw refused('"prereleases" has no meaning without "semver"', 'add semver: RANGE, or leave "prereleases" out');
  }
});

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
