// The function that makes grants hold, woken by messages.
import { RECONCILES } from '../../functions/job-kinds/job-limits.ts';
import { awaitingGrantedNamespace } from '../../functions/namespace-created/await-granted-namespace.ts';
import { reconcileGrants } from '../../functions/reconcile-grants.ts';
import { openHost } from './host/open-host.ts';
import { worker } from './work/worker.ts';

const host = openHost(process.env);

export const handler = worker(host, RECONCILES, awaitingGrantedNamespace(host.deps, reconcileGrants(host.deps)));
