// Who asks for a token, as far as the one who knows his password says so.
import type { Puller } from '../../shared/grants/pull-review.ts';

/** `why` there is nobody: for the log, without the password. */
export type Asker = { puller: Puller & { user: string } } | { puller?: undefined; why: string };
