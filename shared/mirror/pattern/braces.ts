// Expands `{a,b}` into its alternatives: the part that patterns of tags and of repositories have in common.
import { TransshipError } from '../../errors.ts';

const MAX_ALTERNATIVES = 1000;

/** Every way to read the text, in order; braces may be nested. @throws TransshipError invalid-config */
export function expandBraces(text: string): string[] {
  const close = text.indexOf('}');
  const open = close < 0 ? text.indexOf('{') : text.lastIndexOf('{', close);
  if (open < 0 && close < 0) return [text];
  if (open < 0) throw refused('a "{" is missing before "}"');
  if (close < 0) throw refused('a "}" is missing after "{"');
  const alternatives = text.slice(open + 1, close).split(',');
  if (alternatives.includes('')) throw refused('an alternative between "{" and "}" is empty');
  // the innermost braces come first: what they expand to has none left
  const expanded = alternatives.flatMap((one) => expandBraces(text.slice(0, open) + one + text.slice(close + 1)));
  if (expanded.length > MAX_ALTERNATIVES) throw refused(`it stands for more than ${MAX_ALTERNATIVES} alternatives`);
  return [...new Set(expanded)];
}

function refused(reason: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint: 'write alternatives like {alpine,debian}' });
}
