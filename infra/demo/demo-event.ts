// What the demo tells while it runs, as data; how it looks is the command's business.
import type { TargetReport } from '../../shared/mirror/copy-types.ts';
import type { Check } from './proof.ts';

export const CHAPTERS = ['webhook', 'shared-layers', 'lost-webhook', 'kill', 'proof'] as const;
export type Chapter = (typeof CHAPTERS)[number];

export type DemoEvent =
  | { type: 'starting' }
  | {
      type: 'started';
      source: string;
      targets: { host: string; login: boolean }[];
      server: ServerStart;
      url: string;
      config: string;
      log: string;
    }
  | { type: 'chapter'; chapter: Chapter }
  | PushedEvent
  | ProgressEvent
  /** One line of the job's history, as the server streams it. */
  | { type: 'job'; id: string; event: string; data: unknown }
  | KilledEvent
  | ({ type: 'restarted' } & ServerStart)
  | ArrivedEvent
  | ({ type: 'check' } & Check)
  | DemoReport;

/** `readyMs`: from the start of the process until it took work. */
export type ServerStart = { pid: number; readyMs: number };

type PushedEvent = {
  type: 'pushed';
  reference: string;
  digest: string;
  sizeBytes: number;
  /** What the registry told the server of the push; 0 where it was kept from it. */
  notifications: number;
};

/** Of all that has to cross to a target, how much did. */
export type ProgressEvent = {
  type: 'progress';
  targets: { reference: string; receivedBytes: number; sizeBytes: number }[];
};

export type KilledEvent = {
  type: 'killed';
  pid: number;
  targets: {
    reference: string;
    receivedBytes: number;
    sizeBytes: number;
    /** The tag can be pulled. */ isVisible: boolean;
  }[];
};

export type ArrivedEvent = {
  type: 'arrived';
  chapter: Chapter;
  reference: string;
  digest: string;
  job: { id: string; trigger: string };
  /** How many jobs there were for it. */
  jobs: number;
  /** How often the registry told of the push. */
  notifications: number;
  targets: ArrivedTarget[];
};

/** What the job reported, and what was seen from outside. */
export type ArrivedTarget = TargetReport & {
  /** From the moment in which the source had the tag until the target had it. */
  latencyMs: number;
  /** What came in of blobs, over all tries. */
  receivedBytes: number;
  /** Of these, what came more than once. */
  resentBytes: number;
};

export type DemoReport = {
  type: 'report';
  /** True if every check holds. */
  proved: boolean;
  checks: Check[];
  /** How much was read back and hashed. */
  hashedBytes: number;
  durationMs: number;
  images: Omit<ArrivedEvent, 'type'>[];
  /** Where everything is, as long as it stays up. */
  kept?: KeptStage;
};

export type KeptStage = {
  source: string;
  open: string;
  locked: string;
  authfile: string;
  config: string;
  log: string;
  url: string;
};
