// One limit for all copies of a rule that a process runs at the same time.
import { createBandwidth, type Pace } from '../oci/http/bandwidth.ts';

/** The limit of a rule, kept until its rate is another one; undefined without a rate. Copies that no rule asked for share none. */
export type RulePaces = (rule: string | undefined, bytesPerSecond: number | undefined) => { pace?: Pace };

export function createRulePaces(): RulePaces {
  const kept = new Map<string, { bytesPerSecond: number; pace: Pace }>();

  return (rule, bytesPerSecond) => {
    if (bytesPerSecond === undefined) return {};
    if (rule === undefined) return { pace: createBandwidth(bytesPerSecond) };
    const known = kept.get(rule);
    if (known?.bytesPerSecond === bytesPerSecond) return { pace: known.pace };
    const pace = createBandwidth(bytesPerSecond);
    kept.set(rule, { bytesPerSecond, pace });
    return { pace };
  };
}
