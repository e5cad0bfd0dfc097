// Who we are to AWS, and where.
import { isTransshipError } from '../../../../shared/errors.ts';
import { askQuery } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { textAt } from '../read-xml.ts';
import type { Finding } from './finding.ts';

export type Caller = { account: string; arn: string };

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html @throws TransshipError unauthorized */
export async function whoAsks(place: AwsPlace): Promise<Caller> {
  const answer = await askQuery(place, 'sts', 'GetCallerIdentity');
  const account = textAt(answer, ['GetCallerIdentityResult', 'Account']) ?? '';
  return { account, arn: textAt(answer, ['GetCallerIdentityResult', 'Arn']) ?? '' };
}

export async function checkIdentity(place: AwsPlace): Promise<{ findings: Finding[]; caller?: Caller }> {
  const region: Finding = { id: 'region', state: 'ok', message: `${place.region}, by ${place.regionFrom}` };
  try {
    const caller = await whoAsks(place);
    const isRoot = caller.arn.endsWith(':root');
    const message = `${caller.arn} of account ${caller.account}`;
    const identity: Finding = isRoot
      ? { id: 'identity', state: 'warn', message, hint: 'deploy as a role or a user, not as the root user' }
      : { id: 'identity', state: 'ok', message };
    return { findings: [identity, region], caller };
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { findings: [{ id: 'identity', state: 'fail', message: error.message, ...hint }, region] };
  }
}
