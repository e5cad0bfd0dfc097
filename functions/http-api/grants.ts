// The routes of grants: who may pull what, as declared and as it stands; plans, decisions, the journal and audits.
import type { ApiDeps } from './api-deps.ts';
import { addGrantAudit } from './grants/audit-grants.ts';
import { addGrantChanges } from './grants/change-grants.ts';
import { addGrantList } from './grants/list-grants.ts';
import { addGrantPlans } from './grants/plan-grants.ts';
import type { Api } from './route.ts';

export function addGrants(api: Api, deps: ApiDeps): void {
  addGrantAudit(api, deps);
  addGrantPlans(api, deps);
  addGrantList(api, deps);
  addGrantChanges(api, deps);
}
