// Which scope it takes to cancel a job or to offer it again: that of whoever may ask for such work.
import { ACCESS } from '../job-kinds/access-job.ts';
import { CREDENTIALS } from '../job-kinds/credentials-job.ts';
import { GRANTS } from '../job-kinds/grants-job.ts';
import { MIRROR } from '../job-kinds/mirror-job.ts';
import { SWEEP } from '../job-kinds/sweep-job.ts';
import type { Scope } from './api-token.ts';

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  [MIRROR, 'mirror'],
  [SWEEP, 'mirror'],
  [CREDENTIALS, 'credentials'],
  [GRANTS, 'grants'],
  [ACCESS, 'grants'],
]);

/** Of a kind that nobody knows: `admin`. */
export function scopeOfJob({ kind }: { kind: string }): Scope {
  return SCOPES.get(kind) ?? 'admin';
}
