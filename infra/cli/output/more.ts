// Says that a list is longer than what was shown of it.
import { logs, type Context } from '../context.ts';
import { styleFor } from './style.ts';

/** On stderr: what is piped on is the list alone. */
export function printMore({ io, globals }: Context, hasMore: boolean): void {
  if (!hasMore || !logs(globals, 'warn')) return;
  const style = styleFor(io.stderr, io, globals);
  io.stderr.write(`${style('dim', 'there are more: --limit shows as many as you want')}\n`);
}
