// Faults on demand: rules that match requests and say what goes wrong. Rules are matched here; request and response streams act on the result.

type FaultAction =
  /** Answers at once, without doing anything. */
  | { status: number; headers?: Record<string, string>; body?: string }
  /** Destroys the connection after that many bytes of the body. `response` lets the request take effect first; with 0 its reply is lost. */
  | { cutAfterBytes: number; of?: 'request' | 'response' }
  /** Holds the body for a while after that many bytes (default 0), then goes on. */
  | { stallMs: number; afterBytes?: number; of?: 'request' | 'response' }
  /** Lets the body through no faster. */
  | { bytesPerSecond: number; of?: 'request' | 'response' }
  /** Waits before the request is looked at. */
  | { delayMs: number }
  /** Spoils a successful response; lengths in headers agree with what is sent. */
  | { corrupt: Corruption }
  /** Answers 307; `{path}` in the target stands for path and query of the request. */
  | { redirectTo: string };

export type Corruption = 'flip-byte' | 'truncate' | 'extra-bytes' | 'wrong-header-digest';

export type FaultRule = {
  match: {
    method?: string;
    /** Tested on path and query. */
    path?: RegExp;
    /** The first request to hit, counted from 1 among those that match. */
    nth?: number;
    /** How many requests are hit; with `nth` 1 by default, else all. */
    times?: number;
  };
  action: FaultAction;
};

/** Where a body breaks off or pauses. */
export type BodyFault = { afterBytes: number; stallMs?: number };

/** All that goes wrong with one request. */
export type FaultPlan = {
  delayMs: number;
  answer?: { status: number; headers: Record<string, string>; body: string };
  corrupt?: Corruption;
  request?: BodyFault;
  response?: BodyFault;
  /** Bytes a second. */
  pace: { request?: number; response?: number };
};

export type FaultTable = {
  /** Rules in force; may be changed at any time. */
  rules: FaultRule[];
  planFor: (method: string, path: string) => FaultPlan;
};

export function faultTable(initial: readonly FaultRule[]): FaultTable {
  const rules = [...initial];
  const seen = new WeakMap<FaultRule, number>();
  return {
    rules,
    planFor: (method, path) => {
      const plan: FaultPlan = { delayMs: 0, pace: {} };
      for (const rule of rules) {
        if (!matches(rule, method, path)) continue;
        const count = (seen.get(rule) ?? 0) + 1;
        seen.set(rule, count);
        if (isHit(rule, count)) addAction(plan, rule.action, method, path);
      }
      return plan;
    },
  };
}

function matches({ match }: FaultRule, method: string, path: string): boolean {
  // `search` ignores the state that a global or sticky expression carries from call to call.
  return (match.method ?? method) === method && (match.path === undefined || path.search(match.path) >= 0);
}

function isHit({ match }: FaultRule, count: number): boolean {
  const first = match.nth ?? 1;
  const times = match.times ?? (match.nth === undefined ? Infinity : 1);
  return count >= first && count < first + times;
}

function addAction(plan: FaultPlan, action: FaultAction, method: string, path: string): void {
  if ('delayMs' in action) {
    plan.delayMs += action.delayMs;
    return;
  }
  if ('corrupt' in action) {
    plan.corrupt ??= action.corrupt;
    return;
  }
  if ('status' in action) {
    plan.answer ??= { status: action.status, headers: action.headers ?? {}, body: action.body ?? '' };
    return;
  }
  if ('redirectTo' in action) {
    const location = action.redirectTo.replace('{path}', () => path);
    plan.answer ??= { status: 307, headers: { location }, body: '' };
    return;
  }
  const side = action.of ?? (method === 'GET' || method === 'HEAD' ? 'response' : 'request');
  if ('bytesPerSecond' in action) {
    plan.pace[side] ??= action.bytesPerSecond;
    return;
  }
  plan[side] ??=
    'cutAfterBytes' in action
      ? { afterBytes: action.cutAfterBytes }
      : { afterBytes: action.afterBytes ?? 0, stallMs: action.stallMs };
}
