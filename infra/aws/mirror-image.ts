// The function that copies one source to its targets, woken by messages.
import { MIRRORS } from '../../functions/job-kinds/job-limits.ts';
import { mirrorImage } from '../../functions/mirror-image.ts';
import { openHost } from './host/open-host.ts';
import { worker } from './work/worker.ts';

const host = openHost(process.env);

export const handler = worker(host, MIRRORS, mirrorImage(host.deps));
