// What somebody has to look at: messages that nobody could deliver, work that waits too long, functions that fail or are held back, webhooks
// that were turned away, jobs that were given up, credentials that end, clocks that stand still.
import { alarm, alarmId, TOPIC } from './alarms/watch.ts';
import { clocksAlarm, clockWatches } from './alarms/clocks.ts';
import { eventWatches } from './alarms/events.ts';
import { functionWatches } from './alarms/functions.ts';
import { queueWatches } from './alarms/queues.ts';
import { requestFilters, requestWatches } from './alarms/requests.ts';
import { workWatches } from './alarms/work.ts';
import { ref, type Fragment } from './fragment.ts';
import { ALARM_EMAIL, HAS_ALARM_EMAIL } from './parameters.ts';

const WATCHES = [
  ...queueWatches,
  ...functionWatches,
  ...eventWatches,
  ...workWatches,
  ...clockWatches,
  ...requestWatches,
];

export const alarms: Fragment = {
  Resources: {
    [TOPIC]: {
      Type: 'AWS::SNS::Topic',
      Condition: HAS_ALARM_EMAIL,
      Properties: { Subscription: [{ Protocol: 'email', Endpoint: ref(ALARM_EMAIL) }] },
    },
    ...requestFilters,
    ...Object.fromEntries(WATCHES.map(([id, watch]) => [alarmId(id), alarm(watch)])),
    ...clocksAlarm,
  },
};
