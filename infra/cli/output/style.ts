// Colour, and whether there is any: a flag and two environment variables decide before the stream does.
import { stripVTControlCharacters, styleText } from 'node:util';
import type { GlobalOptions } from '../context.ts';
import type { Io, OutputStream } from '../io.ts';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
/** Colours a text, or leaves it as it is. */
export type Style = (colour: Colour, text: string) => string;

export const plainStyle: Style = (_colour, text) => text;

/** https://no-color.org and https://force-color.org: `--no-color`, then NO_COLOR, then FORCE_COLOR, then the terminal. */
export function usesColour(stream: OutputStream, env: NodeJS.ProcessEnv, wanted: boolean): boolean {
  if (!wanted || env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** The style for one of the two output streams. */
export function styleFor(stream: OutputStream, io: Io, globals: Pick<GlobalOptions, 'color'>): Style {
  if (!usesColour(stream, io.env, globals.color)) return plainStyle;
  return (colour, text) => styleText(colour, text, { validateStream: false });
}

/** Number of characters that show. */
export function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
