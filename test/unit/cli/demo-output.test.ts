// What the demo shows on a terminal fits it, whatever its width.
import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../../infra/demo/demo-event.ts';
import { glyphsFor } from '../../../infra/cli/output/bar.ts';
import { demoProgressLines } from '../../../infra/cli/output/demo-progress.ts';
import { plainStyle } from '../../../infra/cli/output/style.ts';

const MIB = 1024 * 1024;
const glyphs = glyphsFor({ LANG: 'C' });
const progress = (receivedBytes: number, sizeBytes = 48 * MIB): ProgressEvent => ({
  type: 'progress',
  targets: [{ reference: '127.0.0.1:40001/demo/model:1.0', receivedBytes, sizeBytes }],
});
const linesAt = (columns: number, event: ProgressEvent) =>
  demoProgressLines(event, { columns, style: plainStyle, glyphs });

test('a bar for each target fills with its bytes', () => {
  expect(linesAt(100, progress(0))).toEqual([
    '  127.0.0.1:40001/demo/model:1.0  ..............................  waiting',
  ]);
  expect(linesAt(100, progress(12 * MIB))).toEqual([
    '  127.0.0.1:40001/demo/model:1.0  #######>......................  12.0 MiB of 48.0 MiB',
  ]);
  expect(linesAt(100, progress(48 * MIB))).toEqual([
    '  127.0.0.1:40001/demo/model:1.0  ##############################  48.0 MiB of 48.0 MiB',
  ]);
});

test('nothing that has to cross is no share of anything', () => {
  expect(linesAt(100, progress(0, 0))[0]).toContain('waiting');
});

test.each([20, 40, 60, 79, 80, 120])('no line fills a terminal of %i columns', (columns) => {
  for (const receivedBytes of [0, 1, 47 * MIB]) {
    for (const line of linesAt(columns, progress(receivedBytes))) expect(line.length).toBeLessThan(columns);
  }
});
