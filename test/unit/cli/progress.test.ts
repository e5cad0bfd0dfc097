// The progress of a copy: what events make of the state, and how the state is drawn.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bar, glyphsFor } from '../../../infra/cli/output/bar.ts';
import { progressLines } from '../../../infra/cli/output/progress-lines.ts';
import { applyEvent, doneBytes, initialProgress, rateOf } from '../../../infra/cli/output/progress-state.ts';
import { plainStyle } from '../../../infra/cli/output/style.ts';
import type { CopyEvent, TargetReport } from '../../../shared/mirror/copy-types.ts';

const glyphs = glyphsFor({ LANG: 'C.UTF-8' });
const MIB = 1024 * 1024;

function digest(number: number): string {
  return `sha256:${number.toString(16).padStart(64, '0')}`;
}

function blob(
  number: number,
  state: (CopyEvent & { type: 'blob' })['state'],
  sentBytes: number,
  target = 0,
): CopyEvent {
  return { type: 'blob', target, digest: digest(number), sizeBytes: 10 * MIB, state, sentBytes };
}

function report(state: TargetReport['state']): TargetReport {
  const blobs = { copied: 0, mounted: 0, existing: 0 };
  return { reference: 'r', state, blobs, bytesMoved: 0, bytesSaved: 0, requests: 0, durationMs: 0, referrers: 0 };
}

function after(events: readonly CopyEvent[], targets = ['localhost:5001/app:1.0'], stepMs = 100) {
  const state = initialProgress(targets, 0);
  for (const [index, event] of events.entries()) applyEvent(state, event, (index + 1) * stepMs);
  return state;
}

function draw(state: ReturnType<typeof after>, columns: number, nowMs = 1000): string[] {
  return progressLines(state, { columns, nowMs, style: plainStyle, glyphs });
}

describe('the state of a copy', () => {
  test('counts bytes once, however a blob got there', () => {
    const state = after([
      { type: 'planned', target: 0, blobs: 3, manifests: 1, sizeBytes: 30 * MIB },
      blob(1, 'existing', 0),
      blob(2, 'started', 0),
      blob(2, 'progress', 4 * MIB),
      blob(2, 'copied', 10 * MIB),
      blob(3, 'progress', 5 * MIB),
    ]);
    expect(doneBytes(state)).toBe(25 * MIB);
    expect(state.sentBytes).toBe(15 * MIB);
    expect(state.targets[0]).toMatchObject({ blobs: 3, settledBlobs: 2 });
  });

  test('takes a failed blob off what is done, but not off what was sent', () => {
    const state = after([
      { type: 'planned', target: 0, blobs: 1, manifests: 1, sizeBytes: 10 * MIB },
      blob(1, 'progress', 9 * MIB),
      blob(1, 'failed', 9 * MIB),
      blob(1, 'started', 0),
      blob(1, 'progress', 2 * MIB),
    ]);
    expect(doneBytes(state)).toBe(2 * MIB);
    expect(state.sentBytes).toBe(11 * MIB);
  });

  test('tells the rate of the last seconds, and none before there is one', () => {
    const state = after([blob(1, 'started', 0), blob(1, 'progress', 4 * MIB)], ['t'], 1000);
    expect(rateOf(state, 2000)).toBe(2 * MIB);
    expect(rateOf(initialProgress(['t'], 0), 100)).toBeUndefined();
    // ten quiet seconds later nothing moves
    expect(rateOf(state, 12_000)).toBe(0);
  });

  test('ignores events of targets that it does not know', () => {
    expect(after([{ type: 'planned', target: 7, blobs: 1, manifests: 1, sizeBytes: 1 }]).totalBytes).toBe(0);
  });
});

describe('the drawing of a copy', () => {
  test('shows blobs, target, and a total with rate and time left', () => {
    const state = after(
      [
        { type: 'planned', target: 0, blobs: 2, manifests: 1, sizeBytes: 20 * MIB },
        blob(0xabc, 'started', 0),
        blob(0xabc, 'progress', 5 * MIB),
        blob(2, 'copied', 10 * MIB),
      ],
      ['localhost:5001/app:1.0'],
      500,
    );
    const lines = draw(state, 80, 2000);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ {2}000000000000 ━+╸─+ +5\.0 MiB\/10\.0 MiB$/);
    expect(lines[1]).toBe('  localhost:5001/app:1.0  1/2 blobs');
    expect(lines[2]).toMatch(/^ {2}total +━+╸─+ +75% {2}15\.0 MiB\/20\.0 MiB {2}7\.5 MiB\/s {2}ETA 667ms$/);
    expect(draw(state, 65, 2000)[2]).toMatch(/^ {2}total +━+╸─+ +75% {2}15\.0 MiB\/20\.0 MiB {2}7\.5 MiB\/s$/);
  });

  test('draws one line for a blob that goes to several targets, at the pace of the slowest', () => {
    const state = after([blob(1, 'progress', 8 * MIB, 0), blob(1, 'progress', 2 * MIB, 1)], ['a', 'b']);
    const lines = draw(state, 100).filter((line) => line.includes('000000000000'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('2.0 MiB/10.0 MiB to 2 targets');
  });

  test('never needs more than eight lines, and says how many blobs it leaves out', () => {
    const many = Array.from({ length: 50 }, (_, index) => blob(index, 'started', 0));
    const lines = draw(after(many, ['a', 'b', 'c']), 100);
    expect(lines).toHaveLength(8);
    expect(lines).toContain('  and 47 more blobs');
  });

  test('sums many targets up in one line', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const state = after([{ type: 'target', target: 3, report: report('copied') }], names);
    expect(draw(state, 100)).toContain('  1 of 5 targets finished');
  });

  test('shows how a target ended, and with several tags how many ended how', () => {
    const one = after([{ type: 'target', target: 0, report: report('unchanged') }], ['a']);
    expect(draw(one, 100)).toContain('  a  unchanged');
    const states = ['copied', 'copied', 'failed'] as const;
    const several = after(
      states.map((state) => ({ type: 'target', target: 0, report: report(state) })),
      ['a'],
    );
    expect(draw(several, 100)).toContain('  a  2 copied, 1 failed');
  });

  test('drops facts before the bar on a narrow terminal, and keeps the end of a reference', () => {
    const state = after([blob(1, 'progress', 5 * MIB)], ['registry.example.com/a/long/path/to/app:1.0']);
    const lines = draw(state, 40);
    expect(lines.find((line) => line.includes('app:1.0'))).toMatch(/^ {2}….*app:1\.0 {2}waiting$/);
    expect(lines.at(-1)).toMatch(/━|─/);
  });

  test('fits every terminal', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.array(fc.tuple(fc.nat(9), fc.nat(20), fc.integer({ min: 0, max: 10 * MIB })), { maxLength: 30 }),
        (columns, blobs) => {
          const names = Array.from({ length: 3 }, (_, index) => `registry-${index}.example.com/team/app:1.0`);
          const state = after(
            blobs.map(([target, number, sent]) => blob(number, 'progress', sent, target % 3)),
            names,
          );
          const lines = draw(state, columns, 60_000);
          expect(lines.length).toBeLessThanOrEqual(8);
          for (const line of lines) expect(line.length).toBeLessThan(columns);
        },
      ),
    );
  });
});

describe('a bar', () => {
  test('has exactly the asked width, whatever the share', () => {
    fc.assert(
      fc.property(fc.double(), fc.integer({ min: 1, max: 80 }), (share, width) => {
        expect(bar(share, width, glyphs)).toHaveLength(width);
      }),
    );
  });

  test.each([
    [0, '────'],
    [0.01, '╸───'],
    [0.5, '━━╸─'],
    [1, '━━━━'],
    [Number.NaN, '────'],
  ])('draws %d', (share, text) => {
    expect(bar(share, 4, glyphs)).toBe(text);
  });

  test('is drawn in ASCII where the locale has nothing else', () => {
    expect(bar(0.5, 4, glyphsFor({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }))).toBe('##>.');
  });
});
