// What commands about grants turn to, be it a server or this process.
import type { GrantShape, JournalShape, PlanShape, ReportShape } from './server/grant-shapes.ts';

export type ApplyOrder = { hash?: string; allowOverbroad?: boolean; grants?: readonly string[] };

export type GrantsDesk = {
  list(): Promise<GrantShape[]>;
  plan(grants?: readonly string[]): Promise<PlanShape>;
  /** @throws TransshipError plan-changed, grant-refused */
  apply(order: ApplyOrder): Promise<ReportShape>;
  /** @throws TransshipError not-found */
  revoke(name: string, reason?: string): Promise<ReportShape>;
  resume(name: string): Promise<ReportShape>;
  /** Oldest first. */
  journal(filter: { grant?: string; after?: number }): AsyncIterable<JournalShape>;
};
