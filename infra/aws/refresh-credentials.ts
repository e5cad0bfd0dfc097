// The function that brings credentials to clusters, woken by messages.
import { REFRESHES } from '../../functions/job-kinds/job-limits.ts';
import { awaitingNamespace } from '../../functions/namespace-created/await-namespace.ts';
import { refreshCredentials } from '../../functions/refresh-credentials.ts';
import { openHost } from './host/open-host.ts';
import { worker } from './work/worker.ts';

const host = openHost(process.env);

export const handler = worker(host, REFRESHES, awaitingNamespace(host.deps, refreshCredentials(host.deps)));
