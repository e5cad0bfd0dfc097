// The SQLite store on a thread of its own under the contract of all job stores.
import { threadedSubject } from '../../support/jobs/threaded-subject.ts';
import { describeJobStore } from './suite/job-store.ts';

describeJobStore(threadedSubject);
