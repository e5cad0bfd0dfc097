// A credential that this process holds for clusters, as the API shows it: whose it is and until when, and nothing of itself.
import * as z from 'zod';
import { isTransshipError } from '../../../shared/errors.ts';
import type { Deps } from '../../deps.ts';

export const issuedSchema = z
  .object({
    identity: z.string().describe('whose it is'),
    issuedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().optional().describe('absent: it does not end by itself'),
  })
  .describe('what was issued for clusters last');

/** Empty where nothing was issued in this process, or nobody issues it. */
export function issuedView(
  registry: string,
  { issuers, credentials }: Pick<Deps, 'issuers' | 'credentials'>,
): { credential?: z.input<typeof issuedSchema> } {
  const id = idOf(registry, issuers());
  const held = id === undefined ? undefined : credentials.held(id);
  if (held === undefined) return {};
  const { identity, issuedAt, expiresAt } = held;
  return {
    credential: {
      identity,
      issuedAt: issuedAt.toISOString(),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
    },
  };
}

function idOf(registry: string, issuers: ReturnType<Deps['issuers']>): string | undefined {
  try {
    return issuers.of(registry).id;
  } catch (error) {
    if (isTransshipError(error)) return undefined;
    throw error;
  }
}
