// What `transship aws doctor` says: one finding for each thing that was looked at. The ids stay as they are, scripts know them.
import { isTransshipError, messageOf } from '../../../../shared/errors.ts';

export const CHECK_IDS = [
  'identity',
  'region',
  'tools',
  'config',
  'quota',
  'permissions',
  'stack',
  'protection',
  'functions',
  'config-object',
  'secrets',
  'queues',
  'dead-letters',
  'triggers',
  'alarms',
  'clusters',
  'access-entries',
  'roles',
  'repositories',
] as const;

export type CheckId = (typeof CHECK_IDS)[number];

export type Finding = {
  id: CheckId;
  /** `skipped`: what it needs is missing, as another finding says, or nothing of the kind is configured. */
  state: 'ok' | 'warn' | 'fail' | 'skipped';
  /** Which one, where there are several. */
  about?: string;
  message: string;
  /** How to mend it. */
  hint?: string;
};

/** A question that AWS did not answer is a warning: what was asked for may be well. @throws what was not thrown on purpose */
export function unanswered(id: CheckId, error: unknown, about?: string): Finding {
  if (!isTransshipError(error) || error.code === 'interrupted') throw error;
  return {
    id,
    state: 'warn',
    ...(about === undefined ? {} : { about }),
    message: `it can't be looked at: ${messageOf(error)}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}
