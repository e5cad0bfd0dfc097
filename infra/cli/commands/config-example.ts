// `transship config example`: a configuration to begin with.
import { EXAMPLE_CONFIG } from '../../../shared/config/example.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export function runConfigExample({ io }: Context): Promise<number> {
  io.stdout.write(EXAMPLE_CONFIG);
  return Promise.resolve(EXIT.done);
}
