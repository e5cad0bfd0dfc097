// The port to the record of received pushes: what came, and what became of it. For people who ask "did the webhook arrive?";
// no work depends on it.
import type { PushEvent } from './push-event.ts';

export type PushRecord = {
  id: string;
  receivedAt: Date;
  event: PushEvent;
  /** The jobs that it asked for; a repeated event names the first one's. Empty where it asked for none. */
  jobIds: readonly string[];
  /** Its jobs, or some of them, were there before it came: they were accepted for the same event. */
  isRepeated: boolean;
};

/** A push as it is recorded. */
export type NewPush = Pick<PushRecord, 'id' | 'receivedAt' | 'event'> & {
  /** The keys under which its jobs were accepted just before: their ids are not known yet. */
  jobKeys: readonly string[];
};

type PushFilter = { receiverId?: string; relevant?: boolean };

type PushPage = { pushes: PushRecord[]; /** Absent: the last page. */ next: string | undefined };

export type PushLog = {
  /** Durable when it resolves; called in the same turn as `JobStore.accept`, it shares its transaction. */
  record(pushes: readonly NewPush[]): Promise<void>;
  get(id: string): Promise<PushRecord | undefined>;
  /** Newest first. */
  list(filter: PushFilter, limit: number, cursor?: string): Promise<PushPage>;
  /** Removes up to `limit` records from before; gives how many. */
  purge(before: Date, limit: number): Promise<number>;
};
