// Runs one program to its end and accounts for the whole process: wall time, CPU time, peak memory. Linux only, because /proc tells.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export type Command = { program: string; args: readonly string[] };
export type Usage = { wallMs: number; cpuMs: number; peakBytes: number };

const POLL_MS = 10;
/** USER_HZ, what /proc counts CPU time in; a constant of the system's interface. */
const TICKS_PER_SECOND = 100;
const KEPT_OUTPUT = 4_000;

/** @throws Error with the end of what it wrote, if the program fails */
export async function measure(
  { program, args }: Command,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Usage> {
  signal.throwIfAborted();
  const cpuBefore = endedChildrenCpuMs();
  const startedAt = performance.now();
  const child = spawn(program, args, { env, signal, killSignal: 'SIGKILL', stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit').then(([code]) => ({ code: Number(code ?? 1), endedAt: performance.now() }));
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-KEPT_OUTPUT)));

  // the mark only rises, so what the last look misses is what a program takes in its last moment
  let peakBytes = 0;
  const look = () => (peakBytes = Math.max(peakBytes, child.pid === undefined ? 0 : peakMemory(child.pid)));
  const timer = setInterval(look, POLL_MS);
  try {
    const { code, endedAt } = await exited;
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${output}`);
    return { wallMs: endedAt - startedAt, cpuMs: endedChildrenCpuMs() - cpuBefore, peakBytes };
  } finally {
    clearInterval(timer);
  }
}

/** The high-water mark of a process's resident set; 0 when it has ended. @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakMemory(pid: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** CPU time of all children of this process that have ended. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function endedChildrenCpuMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // the program's name stands in parentheses and may contain anything; field 3 follows it
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[13], fields[14]];
  return ((Number(user) + Number(system)) * 1000) / TICKS_PER_SECOND;
}
