// `transship config schema`: the JSON Schema of the configuration.
import { configJsonSchema } from '../../../shared/config/json-schema.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export function runConfigSchema({ io }: Context): Promise<number> {
  io.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
  return Promise.resolve(EXIT.done);
}
