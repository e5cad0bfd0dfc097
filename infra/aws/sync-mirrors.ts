// The function that lists what rules select, compares, and asks for what differs, woken by messages.
import { SWEEPS } from '../../functions/job-kinds/job-limits.ts';
import { syncMirrors } from '../../functions/sync-mirrors.ts';
import { openHost } from './host/open-host.ts';
import { worker } from './work/worker.ts';

const host = openHost(process.env);

export const handler = worker(host, SWEEPS, syncMirrors(host.deps));
