// The bench's plots: lengths in proportion, values beside them, and nothing that breaks the SVG.
import { expect, it } from 'vitest';
import { renderChart, type Bar } from '../../bench/chart.ts';
import { groupCopies } from '../../bench/copy-groups.ts';
import { memoryPlot, wallPlot } from '../../bench/plots.ts';

function bar(value: number, extra: Partial<Bar> = {}): Bar {
  return { label: 'crane', value, low: value, high: value, isOurs: false, ...extra };
}

function draw(...bars: readonly Bar[]): string {
  const write = (value: number) => `${value} apples`;
  return renderChart({ title: 'Apples', subtitle: 'Fewer', rows: [[{ title: 'Monday', bars }]], write });
}

function widths(svg: string): number[] {
  return [...svg.matchAll(/<rect class="(?:ours|other)"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
}

it('draws bars in proportion, each with its value', () => {
  const svg = draw(bar(4), bar(1));
  const [long = 0, short = 0] = widths(svg);
  expect(long / short).toBeCloseTo(4, 1);
  expect(svg).toContain('>4 apples</text>');
});

it('gives the panels of a row one scale', () => {
  const panels = [4, 2].map((value) => ({ title: 'Day', bars: [bar(value)] }));
  const [left = 0, right = 0] = widths(renderChart({ title: '', subtitle: '', rows: [panels], write: String }));
  expect(left / right).toBeCloseTo(2, 1);
});

it('draws the spread of the runs, and none where there is none', () => {
  expect(draw(bar(4, { low: 3, high: 5 }))).toContain('<line class="spread"');
  expect(draw(bar(4))).not.toContain('<line class="spread"');
});

it('sets our own bars off', () => {
  expect(draw(bar(4, { isOurs: true }))).toContain('<rect class="ours"');
});

it('escapes text', () => {
  expect(draw(bar(4, { label: 'a<b & "c"' }))).toContain('a&lt;b &amp; &quot;c&quot;');
});

it('draws nothing longer than nothing when all is zero', () => {
  expect(widths(draw(bar(0)))).toEqual([1]);
});

it('plots wall time in seconds and memory in megabytes', () => {
  const sample = { wallMs: 1500, cpuMs: 1, peakBytes: 150e6, sourceRequests: 1, targetRequests: 1 };
  const groups = groupCopies(
    (['http', 'https'] as const).map((scheme) => ({
      workload: 'big',
      scheme,
      contender: 'transship',
      samples: [sample],
    })),
  );
  expect(wallPlot(groups)).toContain('8 layers of 64 MiB, plain HTTP</text>');
  expect(wallPlot(groups)).toContain('>1.50 s</text>');
  expect(memoryPlot(groups)).toContain('>150 MB</text>');
});
