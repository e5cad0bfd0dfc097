// What `aws doctor` says of alarms, against a server that answers in the documented format of CloudWatch: it tells no alarms of several
// others where nobody asks for them, which moto does all the same.
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AwsPlace } from '../../../infra/cli/aws/aws-place.ts';
import { checkAlarms } from '../../../infra/cli/aws/checks/alarms.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';

const OWN = ['transship-prod-ClocksAlarm-1A', 'transship-prod-DeadJobsAlarm-2B', 'transship-prod-OldestJobAlarm-3C'];
const OTHER = 'transship-prod-eu-DeadJobsAlarm-4D';
const STACK = {
  status: 'UPDATE_COMPLETE',
  isProtected: true,
  resources: new Map(OWN.map((name) => [name.split('-')[2] ?? '', name])),
};
const identity = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'x' };

let aws: BareServer;
let ringing: string[];

const list = (name: string, alarms: readonly string[]) => {
  const members = alarms.map((alarm) => {
    const state = ringing.includes(alarm) ? 'ALARM' : 'OK';
    return `<member><AlarmName>${alarm}</AlarmName><StateValue>${state}</StateValue></member>`;
  });
  return `<${name}>${members.join('')}</${name}>`;
};

beforeAll(async () => {
  for (const [name, value] of Object.entries(identity)) vi.stubEnv(name, value);
  aws = await startBareServer(async (request, response) => {
    const asked = new URLSearchParams(await text(request));
    const isSecond = asked.has('NextToken');
    const composite = [...asked.values()].includes('CompositeAlarm') && !isSecond ? OWN.slice(0, 1) : [];
    const metric = isSecond ? OWN.slice(2) : [OTHER, ...OWN.slice(1, 2)];
    const more = isSecond ? '' : '<NextToken>2</NextToken>';
    const told = `${list('CompositeAlarms', composite)}${list('MetricAlarms', metric)}${more}`;
    response.end(
      `<DescribeAlarmsResponse><DescribeAlarmsResult>${told}</DescribeAlarmsResult></DescribeAlarmsResponse>`,
    );
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

describe('the alarms of a stack', () => {
  const look = () => {
    const surroundings = { identity: {}, env: { ...identity, AWS_ENDPOINT_URL: aws.url }, now: Date.now };
    const place: AwsPlace = {
      stage: 'prod',
      region: 'eu-west-1',
      regionFrom: '--region',
      stack: 'transship-prod',
      surroundings,
    };
    return checkAlarms(place, STACK);
  };

  it('are its own, not those of a stage whose name begins as its name does', async () => {
    ringing = [OTHER];
    expect(await look()).toEqual([{ id: 'alarms', state: 'ok', message: 'none of 3 rings' }]);
  });

  it('are told when they ring, also one of several others and one on the next page', async () => {
    ringing = [OWN[0] ?? '', OWN[2] ?? ''];
    expect((await look()).map(({ state, about }) => [state, about])).toEqual(ringing.map((name) => ['warn', name]));
  });
});
