// The SQLite store on a thread of its own under the contracts of what it keeps beside jobs.
import { threadedSubject } from '../../support/jobs/threaded-subject.ts';
import { describeApiTokens } from './api-tokens.ts';
import { describePushLog } from './push-log.ts';
import { describeTagJournal } from './tag-journal.ts';

describePushLog(threadedSubject);
describeTagJournal(threadedSubject);
describeApiTokens(threadedSubject);
