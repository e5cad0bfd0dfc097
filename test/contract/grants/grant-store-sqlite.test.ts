// The SQLite store under the contract of the store of grants, by itself and on a thread of its own.
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { threadedSubject } from '../../support/jobs/threaded-subject.ts';
import { describeGrantStore } from './grant-store.ts';

describeGrantStore(sqliteSubject);
describeGrantStore(threadedSubject);
