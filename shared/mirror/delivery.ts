// An artifact on its way to one target.
import type { Target } from './target.ts';

export type Delivery = {
  target: Target;
  /** Without one the artifact is written by its digest. */
  tag: string | undefined;
  /** True where the target holds an older version, whose parts are worth asking for. */
  hasOlder: boolean;
  /** Runs right before the root is written, when everything else is in place; what it throws keeps the root from being written. */
  beforeTag?: () => Promise<void>;
};
