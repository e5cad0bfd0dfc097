// A progress bar of exactly the asked width.

export type Glyphs = { full: string; head: string; empty: string; separator: string; arrow: string };

const UNICODE: Glyphs = { full: '━', head: '╸', empty: '─', separator: ' · ', arrow: '→' };
const ASCII: Glyphs = { full: '#', head: '>', empty: '.', separator: ', ', arrow: '->' };

/** Box-drawing characters where the locale says UTF-8 (or nothing), ASCII elsewhere. */
export function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return locale === undefined || /utf-?8/i.test(locale) ? UNICODE : ASCII;
}

/** Draws a share between 0 and 1 (other values are clamped) as `width` characters. */
export function bar(share: number, width: number, glyphs: Glyphs): string {
  const bounded = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const full = Math.floor(bounded * width);
  if (full >= width) return glyphs.full.repeat(width);
  const head = full > 0 || bounded > 0 ? glyphs.head : glyphs.empty;
  return glyphs.full.repeat(full) + head + glyphs.empty.repeat(width - full - 1);
}
