// The alarms of the stack: which of them ring.
import { printable } from '../../../../shared/telemetry/printable.ts';
import { askQuery } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { elementsAt, textAt } from '../read-xml.ts';
import type { Finding } from './finding.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
export async function checkAlarms(place: AwsPlace): Promise<Finding[]> {
  const answer = await askQuery(place, 'monitoring', 'DescribeAlarms', {
    AlarmNamePrefix: `${place.stack}-`,
    MaxRecords: '100',
  });
  const alarms = elementsAt(answer, ['DescribeAlarmsResult', 'MetricAlarms', 'member']);
  const ringing = alarms.filter((alarm) => textAt(alarm, ['StateValue']) === 'ALARM');
  if (ringing.length === 0) {
    return [{ id: 'alarms', state: 'ok', message: `none of ${alarms.length} rings` }];
  }
  return ringing.map((alarm) => ({
    id: 'alarms',
    state: 'warn',
    about: textAt(alarm, ['AlarmName']) ?? 'an alarm',
    message: `it rings: ${printable(textAt(alarm, ['StateReason']) ?? '', 300)}`,
    hint: 'docs/aws.md says what each alarm means and what to do',
  }));
}
