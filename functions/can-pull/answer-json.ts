// The answer to whether somebody may pull, as plain data: the API gives it and the command prints it.
import type { PullAnswer } from '../../shared/grants/pull-answer.ts';
import { findingJson, grantedJson, type FindingJson } from '../audit-grants/finding-json.ts';

export type PullAnswerJson = Omit<PullAnswer, 'by' | 'notes' | 'remedy'> & {
  by: FindingJson[];
  notes: string[];
  /** A grant that would let them, in the words of the configuration, without name and reason. */
  remedy?: ReturnType<typeof grantedJson>;
};

export function pullAnswerJson({ by, notes, remedy, ...answer }: PullAnswer): PullAnswerJson {
  return {
    ...answer,
    by: by.map(findingJson),
    notes: [...notes],
    ...(remedy === undefined ? {} : { remedy: grantedJson(remedy) }),
  };
}
