// Ages: texts that sort what was accepted first before what came later. Within a process exactly, whatever its clock does; between
// processes as well as their clocks agree, which decides about turns only.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/jobs/clock.ts';
import { timeKey } from './key-parts.ts';

export type AgeOrder = () => string;

export function ageOrder(clock: Clock): AgeOrder {
  const process = randomBytes(4).toString('hex');
  let last = new Date(0);
  let count = 0;
  return () => {
    const now = clock.now();
    count = now > last ? 0 : count + 1;
    if (now > last) last = now;
    return `${timeKey(last)}-${String(count).padStart(8, '0')}-${process}`;
  };
}

export function isAge(text: string): boolean {
  return /^\d{16}-\d{8}-[0-9a-f]{8}$/.test(text);
}
