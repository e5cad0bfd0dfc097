// Clocks that stand still. Each timer tells when its work ended well; the alarm of one that tells nothing has no voice of its own, and one
// alarm speaks for all of them, after a while: in the first minutes of a stack there is no configuration yet, and nobody has told anything.
//
//   a timer is silent ─▶ its alarm rings, mute ─▶ ten minutes later still ─▶ `Clocks` is heard, once
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
import { METRIC_NAMESPACE, STAGE_DIMENSION, TIMER_DIMENSION, TIMER_RUNS } from '../../host/metric-names.ts';
import { arnOf, sub, type Resource } from '../fragment.ts';
import type { TimerName } from '../functions.ts';
import { TIMERS, scheduleId } from '../schedules.ts';
import { alarmId, describedAs, FIVE_MINUTES_SECONDS, TELL, type Watches } from './watch.ts';

/** The slowest timer is called twice in it. */
const WAIT_SECONDS = 600;
/** A call may come late, and fail once. */
const LEAST_TIMES = 3;
/** Nothing runs so often. */
const NEVER = 1_000_000;

const silences: Watches = TIMERS.map(({ timer, everySeconds }) => [
  scheduleId(timer),
  {
    ...runsOf(timer),
    what: `The timer ${timer} did not end well for a while`,
    from: 1,
    seconds: everySeconds,
    times: Math.max(LEAST_TIMES, FIVE_MINUTES_SECONDS / everySeconds),
    silence: 'rings',
  },
]);

/** An alarm with several others behind it waits only for another one that might explain them: this one never does. */
const pause: Watches[number] = [
  'ClocksPause',
  {
    ...runsOf('upkeep'),
    what: 'Never rings: for it the alarm of the clocks waits, so that it is quiet while a stack begins',
    from: NEVER,
    seconds: FIVE_MINUTES_SECONDS,
  },
];

export const clockWatches: Watches = [...silences, pause];

function runsOf(timer: TimerName) {
  return {
    namespace: METRIC_NAMESPACE,
    metric: TIMER_RUNS,
    dimensions: { [STAGE_DIMENSION]: '${sls:stage}', [TIMER_DIMENSION]: timer },
    statistic: 'Sum',
    isMute: true,
  } as const;
}

export const clocksAlarm: Readonly<Record<string, Resource>> = {
  [alarmId('Clocks')]: {
    Type: 'AWS::CloudWatch::CompositeAlarm',
    Properties: {
      AlarmDescription: describedAs(
        'A clock stands still: leases are not freed, messages not sent, schedules not fired',
      ),
      AlarmRule: sub(silences.map(([id]) => `ALARM("\${${alarmId(id)}}")`).join(' OR ')),
      ActionsSuppressor: arnOf(alarmId(pause[0])),
      ActionsSuppressorWaitPeriod: WAIT_SECONDS,
      ActionsSuppressorExtensionPeriod: WAIT_SECONDS,
      AlarmActions: TELL,
      OKActions: TELL,
    },
  },
};
