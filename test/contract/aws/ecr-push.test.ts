// Events of ECR as EventBridge brings them, and the jobs that they ask for, on a real store.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptEcr } from '../../../infra/aws/work/accept-ecr.ts';
import { noMetrics, type Metrics } from '../../../shared/telemetry/metrics.ts';
import { imagePushed } from '../../support/jobs/image-pushed.ts';
import { openWokenBed, type WokenBed } from '../../support/jobs/woken-bed.ts';

const HERE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const THERE = '210987654321.dkr.ecr.us-east-1.amazonaws.com';
const CONFIG = `
registries:
  ${THERE}: { aliases: [there.example.com] }
  111111111111.dkr.ecr.eu-west-1.amazonaws.com: {}
mirrors:
  - { name: here, from: "${HERE}/team/*", to: ["mirror.example.com/here/{name}"], schedule: off }
  - { name: there, from: "${THERE}/team/*", to: ["mirror.example.com/there/{name}"], schedule: off }
receivers:
  - { id: here, kind: ecr, registry: ${HERE}, auth: { mode: platform } }
  - { id: there, kind: ecr, registry: there.example.com, auth: { mode: platform } }
  - { id: by-http, kind: ecr, registry: 111111111111.dkr.ecr.eu-west-1.amazonaws.com, auth: { mode: header, name: x-api-key, secrets: [{ env: KEY }] } }
`;
const DIGEST = `sha256:${'a'.repeat(64)}`;

const pushed = (given: object = {}, detail: object = {}) => imagePushed(given, { 'image-digest': DIGEST, ...detail });

describe('an event of ECR', () => {
  let bed: WokenBed;
  let rejected: string[];
  beforeEach(async () => {
    bed = await openWokenBed();
    rejected = [];
  });
  afterEach(() => bed.close());

  function accept(event: unknown, config = CONFIG): Promise<string[]> {
    const count: Metrics['count'] = (name, labels) => {
      if (name === 'transship_events_rejected_total') rejected.push(Object.values(labels).join(' '));
    };
    return acceptEcr(event, { ...bed.deps(config), metrics: { ...noMetrics, count } });
  }

  it('gives the job of the rule that takes its repository, and is recorded', async () => {
    const [id = '', ...others] = await accept(pushed());
    expect(others).toEqual([]);
    expect((await bed.job(id)).payload).toMatchObject({ source: `${HERE}/team/app:1.0`, announced: DIGEST });
    const { pushes } = await bed.deps().pushes.list({}, 9);
    expect(pushes).toMatchObject([{ event: { receiverId: 'here', relevant: true }, jobIds: [id] }]);
  });

  it('makes one job, however often it is delivered, and one for each other event', async () => {
    const ids = await Promise.all([accept(pushed()), accept(pushed()), accept(pushed())]);
    await accept(pushed());
    expect(new Set(ids.flat()).size).toBe(1);
    expect(await accept(pushed({ id: 'another' }))).not.toEqual(ids[0]);
  });

  it('belongs to the registry of its account and region, by whichever name that is configured', async () => {
    const [id = ''] = await accept(pushed({ account: '210987654321', region: 'us-east-1' }));
    expect((await bed.job(id)).payload).toMatchObject({ source: `${THERE}/team/app:1.0` });
  });

  it('is read by every receiver that listens to its registry', async () => {
    const more = `  - { id: again, kind: ecr, registry: ${HERE}, repositories: [team/app], auth: { mode: platform } }\n`;
    const ids = await accept(pushed(), CONFIG + more);
    expect(ids).toHaveLength(2);
    const { pushes } = await bed.deps().pushes.list({}, 9);
    expect(pushes.map(({ event }) => event.receiverId).sort()).toEqual(['again', 'here']);
  });

  it.each([
    ['an account that no receiver names', { account: '999999999999' }],
    ['another region of the account', { region: 'eu-west-2' }],
    ['a registry whose events come over HTTP only', { account: '111111111111' }],
    ['an account that is none', { account: '123' }],
  ])('of %s is counted and dropped', async (_, given) => {
    expect(await accept(pushed(given))).toEqual([]);
    expect(rejected).toEqual(['ecr no-receiver']);
    expect((await bed.store.counts()).accepted).toBe(0);
  });

  it.each([
    ['a deletion', { 'action-type': 'DELETE' }, 'ecr delete'],
    ['a push that failed', { result: 'FAILURE' }, 'ecr failed'],
    ['a repository that no rule takes', { 'repository-name': 'other/app' }, 'ecr no-rule'],
  ])('about %s asks for nothing', async (_, detail, reason) => {
    expect(await accept(pushed({}, detail))).toEqual([]);
    expect(rejected).toEqual([reason]);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'ECR Image Action'],
    ['an event of another service', pushed({ source: 'aws.s3' })],
    ['a part of an event', pushed().detail],
  ])('that is %s is refused, so that it is seen among the dead letters', async (_, event) => {
    await expect(accept(event)).rejects.toMatchObject({ code: 'unsupported', hint: expect.stringContaining('rule') });
  });
});
