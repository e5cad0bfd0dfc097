// A rule may have as many targets as one job can have: more would be accepted and never mirrored.
import { expect, test } from 'vitest';
import { readConfig } from '../../../shared/config/load.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';

const targets = (length: number) => Array.from({ length }, (_none, index) => `h.io/a${index}`);
const asRule = (to: string[]) => {
  const text = `version: 1\nmirrors: [{ name: a, from: q.io/a, to: [${to.join(', ')}] }]\n`;
  return readConfig([{ file: 't.yaml', text }], { env: {}, homeDir: '/', cwd: '/' }).config.rules;
};
const asJob = (all: string[]) => newJob({ kind: 'mirror', targets: all, payload: {} }, 'id', new Date());

test('a rule and a job have the same limit', () => {
  expect(asRule(targets(80))[0]?.to).toHaveLength(80);
  expect(asJob(targets(80)).targets).toHaveLength(80);
  expect(() => asRule(targets(81))).toThrow('more than 80 entries');
  expect(() => asJob(targets(81))).toThrow('at most 80 targets');
});
