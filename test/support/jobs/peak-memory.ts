// The most memory that child processes of this one ever had, found by what stands in their environment.
import { readdirSync, readFileSync } from 'node:fs';

/** @param variable `NAME=value` of those that count; 0 where there is none. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export function peakMemoryOf(variable: string): number {
  const peaks = readdirSync(`/proc/${process.pid}/task`)
    .flatMap((thread) => readOr(`/proc/${process.pid}/task/${thread}/children`).split(' '))
    .filter((pid) => pid !== '' && readOr(`/proc/${pid}/environ`).split('\0').includes(variable))
    .map((pid) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0) * 1024);
  return Math.max(0, ...peaks);
}

/** One may end meanwhile. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
