// The SQLite store under the contracts of what it keeps beside jobs, and of pushes that become jobs.
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { describeApiTokens } from './api-tokens.ts';
import { describePushLog } from './push-log.ts';
import { describeAcceptingPushes } from './registry-push.ts';
import { describeTagJournal } from './tag-journal.ts';

describePushLog(sqliteSubject);
describeTagJournal(sqliteSubject);
describeApiTokens(sqliteSubject);
describeAcceptingPushes(sqliteSubject);
