// The states of grants, in the order in which a table of them is read.
import type { GrantState } from '../../shared/grants/grants-state.ts';

export const GRANT_STATES = [
  'Pending',
  'Applying',
  'Applied',
  'Drifted',
  'Conflict',
  'Blocked',
  'Suspended',
  'Expired',
  'Revoked',
  'Unsupported',
] as const satisfies readonly GrantState[];
