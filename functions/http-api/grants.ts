// The routes of grants: who may pull what, as declared and as it stands; plans, decisions and the journal.
import type { ApiDeps } from './api-deps.ts';
import { addGrantChanges } from './grants/change-grants.ts';
import { addGrantList } from './grants/list-grants.ts';
import { addGrantPlans } from './grants/plan-grants.ts';
import type { Api } from './route.ts';

export function addGrants(api: Api, deps: ApiDeps): void {
  addGrantPlans(api, deps);
  addGrantList(api, deps);
  addGrantChanges(api, deps);
}
