// The contract of all job stores; a new store needs a subject and one call of this.
import { describe } from 'vitest';
import type { JobStoreSubject } from '../../../support/jobs/store-subject.ts';
import { describeAccepting } from './accepting.ts';
import { describeEnding } from './ending.ts';
import { describeLeasing } from './leasing.ts';
import { describeModelled } from './modelled.ts';
import { describeTelling } from './telling.ts';

export function describeJobStore(subject: JobStoreSubject): void {
  describe(`the ${subject.name} job store`, () => {
    describeAccepting(subject);
    describeLeasing(subject);
    describeEnding(subject);
    describeTelling(subject);
    describeModelled(subject);
  });
}
