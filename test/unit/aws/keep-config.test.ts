// The configuration of a host that lives for hours: what holds, when it is looked at, and what a wrong one does.
import { expect, test } from 'vitest';
import type { ConfigSource } from '../../../infra/aws/host/config-source.ts';
import { configKeeper } from '../../../infra/aws/host/keep-config.ts';
import type { Config } from '../../../shared/config/config.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';

const SECOND = 1000;
const configText = (rule: string): string =>
  `version: 1\nmirrors: [{ name: ${rule}, from: a.example.com/x, to: [b.example.com/x] }]\n`;

type Line = { level: string; message: string; fields: LogFields | undefined };

function bed(first: string | Error = configText('one')) {
  const clock = manualClock();
  const lines: Line[] = [];
  const seen: (string | undefined)[] = [];
  const at = (level: string) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: () => logger,
  };
  const there = { text: first, mark: 1 };
  const source: ConfigSource = {
    name: 's3://bucket/transship.yaml',
    read(known) {
      seen.push(known);
      if (there.text instanceof Error) return Promise.reject(there.text);
      const mark = String(there.mark);
      if (mark === known) return Promise.resolve(undefined);
      return Promise.resolve({ text: { file: 's3://bucket/transship.yaml', text: there.text }, mark });
    },
  };
  const rules = ({ rules: of }: Config) => of.map(({ name }) => name).join();
  const prepared: string[] = [];
  const adopted: string[] = [];
  const failing: { with?: Error } = {};
  const keeper = configKeeper<string>({
    source,
    async prepare(config, before) {
      prepared.push(`${before ?? 'nothing'} -> ${rules(config)}`);
      if (failing.with !== undefined) throw failing.with;
      return Promise.resolve(rules(config));
    },
    adopt: (next) => adopted.push(next),
    env: {},
    clock,
    logger,
  });
  const change = (text: string | Error) => Object.assign(there, { text, mark: there.mark + 1 });
  return { keeper, clock, lines, seen, prepared, adopted, failing, change };
}

test('is read once, and asked for again after half a minute', async () => {
  const { keeper, clock, seen, adopted } = bed();
  await keeper.fresh();
  await keeper.fresh();
  clock.step(29 * SECOND);
  await keeper.fresh();
  expect(seen).toEqual([undefined]);
  clock.step(1 * SECOND);
  await keeper.fresh();
  expect(seen).toEqual([undefined, '1']);
  expect(adopted).toEqual(['one']);
  expect(keeper.current()).toMatchObject({ prepared: 'one', edition: '1' });
});

test('is looked at, too, when the clock was set back', async () => {
  const { keeper, clock, seen } = bed();
  await keeper.fresh();
  clock.step(-3600 * SECOND);
  await keeper.fresh();
  expect(seen).toHaveLength(2);
});

test('many that ask at once wait for one look', async () => {
  const { keeper, seen } = bed();
  await Promise.all([keeper.fresh(), keeper.fresh(), keeper.fresh()]);
  expect(seen).toHaveLength(1);
});

test('a changed one replaces the one before as a whole', async () => {
  const { keeper, clock, prepared, adopted, change } = bed();
  await keeper.fresh();
  change(configText('two'));
  clock.step(30 * SECOND);
  await keeper.fresh();
  expect(prepared).toEqual(['nothing -> one', 'one -> two']);
  expect(adopted).toEqual(['one', 'two']);
  expect(keeper.current().loaded.config.rules[0]?.name).toBe('two');
});

test.each<[string, (of: ReturnType<typeof bed>) => void, RegExp]>([
  [
    'a wrong text',
    ({ change }) => void change('version: 1\nmirors: []\n'),
    /s3:\/\/bucket\/transship\.yaml:2:1: .*mirors/,
  ],
  [
    'what cannot be read',
    ({ change }) => void change(new TransshipError('denied', 'no s3:GetObject')),
    /no s3:GetObject/,
  ],
  [
    'a secret that is not there',
    (of) => {
      of.change(configText('two'));
      of.failing.with = new TransshipError('invalid-config', 'no secret');
    },
    /no secret/,
  ],
])('%s leaves the one before in force, and is told', async (_, spoil, reason) => {
  const of = bed();
  await of.keeper.fresh();
  spoil(of);
  of.clock.step(30 * SECOND);
  await of.keeper.fresh();
  expect(of.keeper.current()).toMatchObject({ prepared: 'one', edition: '1' });
  const [line] = of.lines.filter(({ level }) => level === 'error');
  expect(line?.message).toBe('the configuration was not loaded: the one before still holds');
  expect(String(line?.fields?.['reason'] ?? line?.fields?.['err'])).toMatch(reason);
  // and it is mended by the next look
  of.change(configText('three'));
  delete of.failing.with;
  of.clock.step(30 * SECOND);
  await of.keeper.fresh();
  expect(of.keeper.current().prepared).toBe('three');
});

test('without a good one nothing can be done, and each who asks tries anew', async () => {
  const { keeper, lines, change } = bed('version: 1\nmirors: []\n');
  await expect(keeper.fresh()).rejects.toMatchObject({ code: 'invalid-config' });
  expect(() => keeper.current()).toThrow('before it was read');
  expect(lines).toMatchObject([
    {
      level: 'error',
      message: 'there is no configuration to work with',
      fields: { reason: expect.stringContaining(':2:1:') },
    },
  ]);
  change(configText('two'));
  await keeper.fresh();
  expect(keeper.current().prepared).toBe('two');
});

test('an unchanged one is prepared anew after five minutes, for the secrets that it refers to', async () => {
  const { keeper, clock, prepared, lines } = bed();
  await keeper.fresh();
  for (let look = 0; look < 10; look += 1) {
    clock.step(31 * SECOND);
    await keeper.fresh();
  }
  expect(prepared).toEqual(['nothing -> one', 'one -> one']);
  expect(lines.filter(({ message }) => message === 'configuration loaded')).toHaveLength(1);
});
