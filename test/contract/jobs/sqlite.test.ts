// The SQLite store under the contract of all job stores.
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { describeJobStore } from './suite/job-store.ts';

describeJobStore(sqliteSubject);
