// One emulated execution environment of a function: a process in a folder of its own that has at most one invocation at a time, is stopped
// between two (SIGSTOP), and is killed when an invocation takes longer than the function may.
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html.
//
//   starting --next--> idle (stopped) --invoke--> busy --next--> idle
//        \\________________\\______________________/--exit, kill, timeout--> ended
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { startProcess } from '../child-processes.ts';
import { startRuntimeApi, type FunctionError } from './runtime-api.ts';

export type InvocationResult = {
  requestId: string;
  /** What the function answered with, parsed; undefined where it failed. */
  payload?: unknown;
  error?: FunctionError;
  /** It had to start a process. */
  isCold: boolean;
  /** From the start of the process to its first question for work; 0 where it was there. */
  initMs: number;
  /** From the event to the answer. */
  durationMs: number;
  /** The most memory the process ever had. */
  peakBytes: number;
};

export type EnvironmentOptions = {
  /** A folder with `runtime-process.mjs` beside the code. */
  taskRoot: string;
  env: Readonly<Record<string, string>>;
  functionArn: string;
  memoryMiB: number;
  timeoutMs: number;
  onLine: (line: string) => void;
};

export type ExecutionEnvironment = {
  state(): 'starting' | 'idle' | 'busy' | 'ended';
  invoke(event: unknown): Promise<InvocationResult>;
  /** At once, whatever it does: as a host that fails. */
  kill(): Promise<void>;
};

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: what a function may be sent and may answer. */
export const MAX_PAYLOAD_BYTES = 6_291_556;

type Underway = { requestId: string; deliver(): void; settle(outcome: Outcome): void };
type Outcome = Pick<InvocationResult, 'payload' | 'error'>;

export async function startEnvironment(options: EnvironmentOptions): Promise<ExecutionEnvironment> {
  const { taskRoot, env, functionArn, memoryMiB, timeoutMs, onLine } = options;
  let state: ReturnType<ExecutionEnvironment['state']> = 'starting';
  let underway: Underway | undefined;
  let outcome: Outcome | undefined;
  let initError: FunctionError | undefined;
  let initialisedAt = 0;
  const startedAt = performance.now();

  const api = await startRuntimeApi({
    onNext() {
      if (state === 'starting') initialisedAt = performance.now();
      const isFirst = state === 'starting';
      if (state === 'ended') return;
      if (isFirst && underway !== undefined) return underway.deliver();
      state = 'idle';
      running.process.kill('SIGSTOP');
      underway?.settle(outcome ?? { error: exitError(underway.requestId, 'it asked for more work without an answer') });
    },
    onResponse(requestId, body) {
      if (underway?.requestId !== requestId) return;
      outcome = body.length > MAX_PAYLOAD_BYTES ? { error: tooLarge(body.length) } : { payload: parsed(body) };
    },
    onError(requestId, error) {
      if (underway?.requestId === requestId) outcome = { error };
    },
    onInitError(error) {
      initError = error;
    },
  });
  const running = startProcess(process.execPath, [...memoryShare(memoryMiB), `${taskRoot}/runtime-process.mjs`], {
    env: { ...env, AWS_LAMBDA_RUNTIME_API: api.host, LAMBDA_TASK_ROOT: taskRoot, PWD: taskRoot },
    cwd: taskRoot,
    onLine,
    onErrorLine: onLine,
  });
  running.process.once('close', (code, signal) => {
    state = 'ended';
    api.close();
    const how = signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
    underway?.settle(outcome ?? { error: initError ?? exitError(underway.requestId, how) });
  });

  return {
    state: () => state,
    async invoke(event) {
      const isCold = state === 'starting';
      const requestId = randomUUID();
      outcome = undefined;
      let deliveredAt = performance.now();
      let deadline: NodeJS.Timeout | undefined;
      const settled = Promise.withResolvers<Outcome>();
      underway = {
        requestId,
        deliver() {
          state = 'busy';
          deliveredAt = performance.now();
          deadline = setTimeout(() => {
            outcome = { error: timedOut(requestId, timeoutMs) };
            onLine(`${new Date().toISOString()} ${requestId} ${outcome.error?.errorMessage}`);
            running.process.kill('SIGKILL');
          }, timeoutMs);
          const traceId = `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`;
          api.deliver({ requestId, event, deadline: new Date(Date.now() + timeoutMs), functionArn, traceId });
        },
        settle: settled.resolve,
      };
      if (state === 'ended') settled.resolve({ error: initError ?? exitError(requestId, 'it had ended') });
      else if (state === 'idle') {
        running.process.kill('SIGCONT');
        underway.deliver();
      }
      const { payload, error } = await settled.promise;
      const durationMs = performance.now() - deliveredAt;
      clearTimeout(deadline);
      underway = undefined;
      // what it wrote stands in the pipe already
      await turn();
      return {
        requestId,
        ...(error === undefined ? { payload } : { error }),
        isCold,
        initMs: isCold ? initialisedAt - startedAt : 0,
        durationMs,
        peakBytes: peakMemory(running.process.pid),
      };
    },
    async kill() {
      await running.end('SIGKILL');
    },
  };
}

/** The heap gets the memory of the function but for a tenth, which is for young objects. */
function memoryShare(memoryMiB: number): string[] {
  return [
    `--max-old-space-size=${Math.floor(memoryMiB * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(memoryMiB / 20))}`,
  ];
}

function parsed(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

function tooLarge(bytes: number): FunctionError {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
  };
}

function timedOut(requestId: string, timeoutMs: number): FunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  };
}

function exitError(requestId: string, how: string): FunctionError {
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime exited: ${how}` };
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakMemory(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}
