// What planning grants starts from: the sites with what was surveyed there, the targets that were read, and what the journal adds up to.
import type { TransshipError } from '../errors.ts';
import type { WantedEntries } from './backend.ts';
import type { ObservedTarget, UnreadTarget } from './entry.ts';
import type { GrantsState } from './grants-state.ts';
import type { Site, Survey } from './site.ts';

/** A site that could not be surveyed has an error: nothing new can be said of its grants, and what stands there stays. */
export type ObservedSite =
  | {
      site: Site;
      /** Absent: the registry has no means for grants. */
      wanted?: WantedEntries;
      survey: Survey;
    }
  | { site: Site; error: TransshipError };

export type SurveyedGrants = {
  /** Of the configuration: it is in the marks. */
  instance: string;
  /** Every site that one of the grants means, and every one where something of ours is known to stand. */
  sites: readonly ObservedSite[];
  state: GrantsState;
};

export type ObservedGrants = SurveyedGrants & {
  /** At least `targetsToRead`; those with our marks besides. Targets that are not among them are left alone. */
  targets: readonly (ObservedTarget | UnreadTarget)[];
  /** What has our mark and is not known here goes as well; otherwise it is told, and stays. */
  prunesUnknown?: boolean;
};
