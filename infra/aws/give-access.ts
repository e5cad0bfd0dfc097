// The function that lets a Namespace pull an image, with all that it takes, woken by messages.
import { giveAccess } from '../../functions/give-access.ts';
import { ACCESSES } from '../../functions/job-kinds/job-limits.ts';
import { openHost } from './host/open-host.ts';
import { worker } from './work/worker.ts';

const host = openHost(process.env);

export const handler = worker(host, ACCESSES, giveAccess(host.deps));
