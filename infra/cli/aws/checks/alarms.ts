// The alarms of the stack: which of them ring.
import { printable } from '../../../../shared/telemetry/printable.ts';
import { askQuery } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { elementsAt, textAt, type XmlElement } from '../read-xml.ts';
import type { Stack } from '../stack.ts';
import type { Finding } from './finding.ts';

export async function checkAlarms(place: AwsPlace, { resources }: Stack): Promise<Finding[]> {
  const own = new Set(resources.values());
  const alarms = (await alarmsOf(place)).filter((alarm) => own.has(textAt(alarm, ['AlarmName']) ?? ''));
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

/**
 * Of other stages too, whose names begin as this one's does. Those of several others are only told where they are asked for.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
async function alarmsOf(place: AwsPlace): Promise<XmlElement[]> {
  const found: XmlElement[] = [];
  let next: string | undefined;
  do {
    const answer = await askQuery(place, 'monitoring', 'DescribeAlarms', {
      AlarmNamePrefix: `${place.stack}-`,
      'AlarmTypes.member.1': 'MetricAlarm',
      'AlarmTypes.member.2': 'CompositeAlarm',
      MaxRecords: '100',
      ...(next === undefined ? {} : { NextToken: next }),
    });
    const kinds = ['CompositeAlarms', 'MetricAlarms'];
    found.push(...kinds.flatMap((kind) => elementsAt(answer, ['DescribeAlarmsResult', kind, 'member'])));
    next = textAt(answer, ['DescribeAlarmsResult', 'NextToken']);
  } while (next !== undefined && next !== '');
  return found;
}
