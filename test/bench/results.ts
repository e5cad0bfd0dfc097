// The shape of what the bench finds out: what is printed, drawn and written as JSON.

export type Scheme = 'http' | 'https';

/** One run of one program, the whole process from its start to its end. */
export type Sample = {
  wallMs: number;
  /** User and system time of all its threads. */
  cpuMs: number;
  /** The largest resident set. */
  peakBytes: number;
  sourceRequests: number;
  targetRequests: number;
};

export type CopyResult = {
  workload: string;
  scheme: Scheme;
  contender: string;
  samples: readonly Sample[];
};

export type StartResult = { command: string; wallMs: readonly number[]; peakBytes: readonly number[] };

/** Push events at one rate. */
export type ReceiverResult = {
  /** Events that were sent. */
  perSecond: number;
  acceptedPerSecond: number;
  /** Answers other than 202. */
  refused: number;
  /** From the moment at which an event was to be sent to its answer. */
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  longestMs: number;
};

/** What the figures depend on. */
type Setting = {
  date: string;
  command: string;
  machine: readonly string[];
  /** `transship 0.1.0`, in the order in which they are shown. */
  programs: readonly string[];
  server: string;
};

export type Results = {
  setting: Setting;
  copies: readonly CopyResult[];
  starts: readonly StartResult[];
  receivers: readonly ReceiverResult[];
};

export const OURS = 'transship';
/** Transship with `--no-referrers`: the work that the others do, who do not look for signatures and SBOMs. */
export const OURS_ALONE = 'no referrers';

export function isOurs(contender: string): boolean {
  return contender === OURS || contender === OURS_ALONE;
}
