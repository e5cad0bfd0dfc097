// The JSON Schema of transship.yaml for editors, made of the schema that checks it.
import * as z from 'zod';
import { configSchema } from './schema/schema.ts';

export type JsonSchema = {
  type?: string;
  description?: string;
  title?: string;
  default?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  $ref?: string;
  required?: readonly string[];
  properties?: Readonly<Record<string, JsonSchema>>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  definitions?: Readonly<Record<string, JsonSchema>>;
  [key: string]: unknown;
};

/** Draft 7, which editors understand best. https://json-schema.org/draft-07 */
export function configJsonSchema(): JsonSchema {
  // JSON.parse takes away what only zod knows
  const schema: JsonSchema = JSON.parse(
    JSON.stringify(z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' })),
  );
  return schema;
}
