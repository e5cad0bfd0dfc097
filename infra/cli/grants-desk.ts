// What commands about grants turn to, be it a server or this process.
import type { GrantShape, JournalShape, PlanShape, ReportShape } from './server/grant-shapes.ts';

type PlanOrder = {
  /** Only these; absent: all. */
  grants?: readonly string[];
  /** Also what has our mark and was never heard of here. */
  pruneUnknown?: boolean;
};

export type ApplyOrder = PlanOrder & {
  hash?: string;
  allowOverbroad?: boolean;
  /** Also deleted principals in entries of others, where they keep a target from being written. */
  pruneDead?: boolean;
};

export type GrantsDesk = {
  list(): Promise<GrantShape[]>;
  plan(order?: PlanOrder): Promise<PlanShape>;
  /** @throws TransshipError plan-changed, grant-refused */
  apply(order: ApplyOrder): Promise<ReportShape>;
  /** @throws TransshipError not-found */
  revoke(name: string, reason?: string): Promise<ReportShape>;
  resume(name: string): Promise<ReportShape>;
  /** Oldest first. */
  journal(filter: { grant?: string; after?: number }): AsyncIterable<JournalShape>;
};
