// What the demo tells while it runs, as data; how it looks is the command's business.
import type { CopyReport } from '../../shared/mirror/copy-types.ts';
import type { Check } from './proof.ts';

/** What a copy of the demo shows. */
export type Lesson = 'first' | 'shared-layers' | 'again';

export type DemoEvent =
  | { type: 'registries'; source: string; targets: { host: string; login: boolean }[]; authfile: string }
  | { type: 'images'; images: { reference: string; digest: string; sizeBytes: number }[] }
  | { type: 'copying'; lesson: Lesson; source: string; targets: string[] }
  | ({ type: 'copied'; lesson: Lesson } & CopyReport)
  | { type: 'proving' }
  | ({ type: 'check' } & Check)
  | DemoReport;

export type DemoReport = {
  type: 'report';
  /** True if every check holds. */
  proved: boolean;
  checks: Check[];
  /** How much was read back and hashed. */
  hashedBytes: number;
  /** Where everything is, as long as the registries stay up. */
  kept?: { source: string; open: string; locked: string; authfile: string; image: string };
};
