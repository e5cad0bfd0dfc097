// Texts that are printed for a file of the configuration: what looks like a variable there is none.
import { withoutVariables } from '../../../shared/config/interpolate.ts';

/** For `stringify` of YAML: texts as the file has to have them. */
export function literalTexts(_key: unknown, value: unknown): unknown {
  return typeof value === 'string' ? withoutVariables(value) : value;
}
