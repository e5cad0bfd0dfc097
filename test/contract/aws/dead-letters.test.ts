// What no queue, bus or clock could deliver, in the forms that AWS gives it, on a real store.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepStore } from '../../../infra/aws/work/timers/upkeep.ts';
import { takeDeadLetters } from '../../../infra/aws/work/take-dead-letters.ts';
import type { DeadMessage } from '../../../infra/aws/work/read-dead-letter.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { noMetrics, type Metrics } from '../../../shared/telemetry/metrics.ts';
import { imagePushed } from '../../support/jobs/image-pushed.ts';
import { openWokenBed, type WokenBed } from '../../support/jobs/woken-bed.ts';

const HERE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const CONFIG = `
mirrors: [{ name: here, from: "${HERE}/team/*", to: ["mirror.example.com/{name}"], schedule: off }]
receivers: [{ id: here, kind: ecr, registry: ${HERE}, auth: { mode: platform } }]
`;
const EVENT = imagePushed();

/** The record of a call that failed: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
const failedCall = (requestPayload: unknown, errorMessage = 'no table') => ({
  version: '1.0',
  timestamp: '2026-11-21T12:00:00.000Z',
  requestContext: {
    requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:transship-dev-ecr-push:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  },
  requestPayload,
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  responsePayload: { errorMessage, errorType: 'TransshipError' },
});

describe('dead letters', () => {
  let bed: WokenBed;
  let counted: string[];
  beforeEach(async () => {
    bed = await openWokenBed();
    counted = [];
  });
  afterEach(() => bed.close());

  function messageOf(body: unknown, given: Partial<DeadMessage> = {}): DeadMessage {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { messageId: 'd1', body: text, messageAttributes: {}, ...given };
  }

  async function take(messages: readonly DeadMessage[], broken: Partial<WokenBed['store']> = {}): Promise<string[]> {
    const count: Metrics['count'] = (name, labels) => {
      if (name === 'transship_undelivered_total') counted.push(Object.values(labels).join(' '));
    };
    const deps = bed.deps(CONFIG);
    const { batchItemFailures } = await takeDeadLetters(messages, {
      ...deps,
      jobs: { ...deps.jobs, ...broken },
      metrics: { ...noMetrics, count },
    });
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  it.each([
    ['as EventBridge leaves it', EVENT],
    ['as Lambda records the call', failedCall(EVENT)],
  ])('take an event of ECR in, %s, once', async (_, body) => {
    expect(await take([messageOf(body), messageOf(body, { messageId: 'd2' })])).toEqual([]);
    const { jobs } = await bed.store.list({}, 9);
    expect(jobs).toMatchObject([{ kind: 'mirror', state: 'READY', targets: ['mirror.example.com/app:1.0'] }]);
    expect(counted).toEqual(['ecr taken', 'ecr taken']);
  });

  it.each([
    ['a wake-up', { jobId: 'j', kind: 'mirror' }, 'wake-up not-needed'],
    ['a wake-up that came again', { jobId: 'j', kind: 'access', again: true }, 'wake-up not-needed'],
    ['a timer', { timer: 'grants' }, 'timer not-needed'],
    ['a timer whose function failed', failedCall({ timer: 'upkeep' }), 'timer not-needed'],
  ])('only count %s: the table has what it was for', async (_, body, outcome) => {
    expect(await take([messageOf(body)])).toEqual([]);
    expect(counted).toEqual([outcome]);
    expect((await bed.store.counts()).accepted).toBe(0);
  });

  it.each([
    ['no JSON', 'hello', 'hello'],
    ['a wake-up of a kind that nobody does', { jobId: 'j', kind: 'poem' }, '{"jobId":"j","kind":"poem"}'],
    ['a timer that nobody knows', { timer: 'tea' }, '{"timer":"tea"}'],
    ['empty', '', ''],
    ['a secret', { password: 'hunter2hunter2' }, '{"password":"[redacted]"}'],
  ])('keep what is %s as a dead job', async (_, body, shown) => {
    expect(await take([messageOf(body)])).toEqual([]);
    const { jobs } = await bed.store.list({ state: 'DEAD' }, 9);
    expect(jobs).toMatchObject([
      { kind: 'dead-letter', payload: { message: 'd1', body: shown }, problem: { code: 'unsupported' } },
    ]);
    expect(counted).toEqual(['unknown kept']);
    // whoever is told of dead jobs is told of it
    expect(await bed.store.outbox(bed.clock.now(), 9)).toMatchObject([{ type: 'event.dead_lettered' }]);
  });

  it('say why it could not be delivered, as far as that is told', async () => {
    const attribute = (stringValue: string) => ({ stringValue, dataType: 'String' });
    await take([
      messageOf(failedCall('what', 'password=hunter2hunter2 was wrong')),
      messageOf('x', { messageId: 'd2', messageAttributes: { ERROR_MESSAGE: attribute('throttled') } }),
      messageOf('y', { messageId: 'd3', messageAttributes: { ERROR_CODE: attribute('NO_PERMISSIONS') } }),
    ]);
    const { jobs } = await bed.store.list({ state: 'DEAD' }, 9);
    expect(jobs.map(({ payload }) => payload)).toMatchObject([
      { cause: 'NO_PERMISSIONS' },
      { cause: 'throttled' },
      { cause: 'password=[redacted] was wrong' },
    ]);
  });

  it('keep two KiB of a body that is long, and whole characters of it', async () => {
    await take([messageOf(`x${'ä'.repeat(400_000)}`)]);
    const [job] = (await bed.store.list({ state: 'DEAD' }, 9)).jobs;
    expect(job?.payload).toMatchObject({ body: `x${'ä'.repeat(1023)}` });
  });

  it('keep one job of a message that comes again, also where the first time ended before the burial', async () => {
    const claimNamed = (): Promise<never> => Promise.reject(new Error('killed'));
    expect(await take([messageOf('x')], { claimNamed })).toEqual(['d1']);
    expect((await bed.store.counts()).states.READY).toBe(1);
    await take([messageOf('x')]);
    await take([messageOf('x')]);
    expect(await bed.store.counts()).toMatchObject({ accepted: 1, states: { DEAD: 1 } });
  });

  it('stay dead: one that is offered again is buried by the upkeep', async () => {
    await take([messageOf('x')]);
    const [{ id } = { id: '' }] = (await bed.store.list({ state: 'DEAD' }, 9)).jobs;
    expect(await bed.store.redrive({ ids: [id] }, 1)).toEqual([id]);
    await keepStore(bed.deps(), () => 0, 60_000);
    expect((await bed.job(id)).state).toBe('DEAD');
  });

  it('come again, alone, where they could not be dealt with', async () => {
    const accept = async (): Promise<never> => {
      throw new TransshipError('store-unavailable', 'no table', { retryable: true });
    };
    const messages = [
      messageOf(EVENT, { messageId: 'ecr' }),
      messageOf({ timer: 'upkeep' }, { messageId: 'timer' }),
      messageOf('x', { messageId: 'unknown' }),
    ];
    expect(await take(messages, { accept })).toEqual(['ecr', 'unknown']);
  });
});
