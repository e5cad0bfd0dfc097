// The SQLite store under the contract of all job stores.
import { describe } from 'vitest';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { describeAccepting } from './suite/accepting.ts';
import { describeEnding } from './suite/ending.ts';
import { describeLeasing } from './suite/leasing.ts';
import { describeModelled } from './suite/modelled.ts';
import { describeTelling } from './suite/telling.ts';

describe('the SQLite job store', () => {
  describeAccepting(sqliteSubject);
  describeLeasing(sqliteSubject);
  describeEnding(sqliteSubject);
  describeTelling(sqliteSubject);
  describeModelled(sqliteSubject);
});
