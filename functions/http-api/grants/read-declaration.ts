// Reads the grant that a request declares, by the words and checks of the configuration.
import type { Config } from '../../../shared/config/config.ts';
import { problemsOf } from '../../../shared/config/problem.ts';
import { readGrant } from '../../../shared/config/read-grant.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { Refusal } from '../problem.ts';

/** @throws Refusal 422 that says where it is wrong */
export function readDeclaration(body: unknown, config: Config): PullGrant {
  try {
    return readGrant(body, config);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-config')) throw error;
    const errors = problemsOf(error).map(({ path, message }) => ({
      detail: printable(message),
      pointer: pointerTo(path),
    }));
    throw new Refusal({
      status: 422,
      code: 'invalid-request',
      detail: 'the body is wrong',
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      errors,
    });
  }
}

/** `pull[0].registry` as a JSON pointer. https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function pointerTo(path: string): string {
  const parts = path.split(/[.[\]]+/).filter((part) => part !== '');
  return ['#', ...parts.map(encodeURIComponent)].join('/');
}
