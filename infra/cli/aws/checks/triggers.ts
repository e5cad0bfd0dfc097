// What starts functions by itself: rules for the events of ECR, and the schedules of the timers.
import { TIMER_GROUP } from '../../../aws/stack/names.ts';
import { scheduleId, TIMER_NAMES } from '../../../aws/stack/schedules.ts';
import { askPath, askTarget } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import type { Stack } from '../stack.ts';
import { unanswered, type Finding } from './finding.ts';

export function checkTriggers(place: AwsPlace, stack: Stack): Promise<Finding[]> {
  return Promise.all([checkRule(place), ...checkSchedules(place, stack)]);
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html */
async function checkRule(place: AwsPlace): Promise<Finding> {
  const name = `${place.stack}-ecr`;
  const about = `rule ${name}`;
  try {
    const { State: state } = await askTarget(place, 'events', 'DescribeRule', { Name: name });
    if (state === 'ENABLED') return { id: 'triggers', state: 'ok', about, message: 'enabled' };
    const hint = `aws events enable-rule --name ${name} --region ${place.region}`;
    const message = `it is ${String(state)}: pushes to ECR of this account are only found by sweeps`;
    return { id: 'triggers', state: 'fail', about, message, hint };
  } catch (error) {
    return unanswered('triggers', error, about);
  }
}

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html */
function checkSchedules(place: AwsPlace, { resources }: Stack): Promise<Finding>[] {
  const group = resources.get(TIMER_GROUP) ?? place.stack;
  return TIMER_NAMES.map(async (timer): Promise<Finding> => {
    const about = `timer ${timer}`;
    const physical = resources.get(scheduleId(timer));
    if (physical === undefined) {
      const hint = 'deploy again: transship aws deploy';
      return { id: 'triggers', state: 'fail', about, message: 'it is not in the stack', hint };
    }
    try {
      const name = physical.split('|').at(-1) ?? physical;
      const path = `/schedules/${encodeURIComponent(name)}?groupName=${encodeURIComponent(group)}`;
      const { State: state } = await askPath(place, 'scheduler', 'GetSchedule', path);
      if (state === 'ENABLED') return { id: 'triggers', state: 'ok', about, message: 'enabled' };
      const hint = 'enable it in the console of EventBridge Scheduler, or deploy again';
      return { id: 'triggers', state: 'fail', about, message: `it is ${String(state)}`, hint };
    } catch (error) {
      return unanswered('triggers', error, about);
    }
  });
}
