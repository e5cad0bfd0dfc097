// The bench's report: what its sentences claim, its tables, and the page that they are put into.
import { expect, it } from 'vitest';
import { groupCopies } from '../../bench/copy-groups.ts';
import { renderResults, replaceResults } from '../../bench/document.ts';
import { findings } from '../../bench/findings.ts';
import type { CopyResult, Results, Sample } from '../../bench/results.ts';
import { copyTable, markdownTable, startTable } from '../../bench/tables.ts';

const SAMPLE: Sample = { wallMs: 1000, cpuMs: 500, peakBytes: 20e6, sourceRequests: 62, targetRequests: 185 };

function copy(contender: string, samples: readonly Partial<Sample>[], scheme: CopyResult['scheme'] = 'http') {
  return { workload: 'small', scheme, contender, samples: samples.map((sample) => ({ ...SAMPLE, ...sample })) };
}

function say(...copies: readonly CopyResult[]): string {
  return findings(groupCopies(copies)).join('\n');
}

it('says where transship is slower, than whom and by how much', () => {
  const text = say(
    copy('transship', [{ wallMs: 1300 }, { wallMs: 1200 }, { wallMs: 1250 }]),
    copy('crane', [{ wallMs: 1500 }]),
    copy('regctl', [{ wallMs: 1000 }]),
    copy('transship', [{ wallMs: 900 }], 'https'),
    copy('regctl', [{ wallMs: 1000 }], 'https'),
  );
  expect(text).toContain('the shortest of all in 1 of 2 comparisons');
  expect(text).toContain('Slower than regctl in “60 layers of 20 KB, plain HTTP”: 1.25 s beside 1.00 s (25 % more).');
  expect(text).not.toContain('TLS”: 0.90');
});

it('says when a difference may be luck', () => {
  const text = say(
    copy('transship', [{ wallMs: 900 }, { wallMs: 1100 }, { wallMs: 1050 }]),
    copy('regctl', [{ wallMs: 1000 }]),
  );
  expect(text).toContain('(5 % more; their runs overlap)');
});

it('says what transship needs more of', () => {
  const text = say(
    copy('transship', [{ cpuMs: 900, peakBytes: 150e6, sourceRequests: 300 }]),
    copy('skopeo', [{ cpuMs: 700, peakBytes: 20e6 }]),
    copy('regctl', [{ cpuMs: 300, peakBytes: 30e6 }]),
  );
  expect(text).toContain(
    'CPU time: more than the thriftiest in 1 of 1 comparisons. The worst is 0.90 s beside regctl’s 0.30 s',
  );
  expect(text).toContain('Memory: at most 150 MB beside skopeo’s 20 MB');
  expect(text).toContain('Requests: as few as the best or fewer in 0 of 1 comparisons. The worst is 485 beside');
});

it('does not compare transship with itself, and claims nothing without another program', () => {
  expect(say(copy('transship', [{}]), copy('no referrers', [{ wallMs: 1 }]))).toBe('');
});

it('has a row for each program with medians, range and requests', () => {
  const [group] = groupCopies([
    copy('transship', [{ wallMs: 1000 }, { wallMs: 3000 }, { wallMs: 1100 }]),
    copy('no referrers', [{}]),
  ]);
  expect(copyTable(group!).split('\n').slice(2)).toEqual([
    '| **transship**           | 1.10 s | 1.00 … 3.00 | 0.50 s |       20 MB |      247 |           62 + 185 |',
    '| transship, no referrers | 1.00 s | 1.00 … 1.00 | 0.50 s |       20 MB |      247 |           62 + 185 |',
    '',
  ]);
});

it('writes start-up times above a bare Node', () => {
  const table = startTable([
    { command: 'bare node', wallMs: [40, 50, 60], peakBytes: [45e6] },
    { command: 'transship --help', wallMs: [90], peakBytes: [60e6] },
  ]);
  expect(table).toContain('| bare node        | 50 ms |                 |       45 MB |');
  expect(table).toContain('| transship --help | 90 ms |           40 ms |       60 MB |');
});

it('aligns a table as a formatter would', () => {
  const columns = [
    { title: 'a', align: 'left' },
    { title: 'bb', align: 'right' },
  ] as const;
  expect(markdownTable(columns, [['long', '1']])).toBe('| a    |  bb |\n| ---- | --: |\n| long |   1 |\n');
});

it('puts plain HTTP before TLS, in the order of the workloads', () => {
  const groups = groupCopies([
    copy('transship', [{}], 'http'),
    { ...copy('transship', [{}]), workload: 'big' },
    copy('transship', [{}], 'https'),
  ]);
  expect(groups.map(({ workload, scheme }) => `${workload} ${scheme}`)).toEqual([
    'small http',
    'small https',
    'big http',
  ]);
});

const RESULTS: Results = {
  setting: {
    date: '2026-01-02',
    command: 'npm run bench',
    machine: ['2 × processor'],
    programs: ['transship 1'],
    server: 'x',
  },
  copies: [copy('transship', [{}]), copy('regctl', [{}])],
  starts: [],
  receivers: [],
};

it('names date, command, machine and versions above the figures', () => {
  const text = renderResults(RESULTS);
  expect(text).toContain(
    '- Measured on 2026-01-02 by `npm run bench`\n- 2 × processor\n- Programs: transship 1\n- Both registries: x',
  );
  expect(text).toContain('![Wall times](performance-wall.svg)');
  expect(text).not.toContain('Start-up');
});

it('keeps what people wrote around the results, run after run', () => {
  const page = 'before\n<!-- results: written by npm run bench, do not edit -->\nold\n<!-- end of results -->\nafter\n';
  const once = replaceResults(page, 'new\n');
  expect(once).toBe(
    'before\n<!-- results: written by npm run bench, do not edit -->\n\nnew\n\n<!-- end of results -->\nafter\n',
  );
  expect(replaceResults(once, 'new')).toBe(once);
});

it.each([
  '# Performance',
  '<!-- results: written by npm run bench, do not edit -->',
  '<!-- end of results -->\n<!-- results: written by npm run bench, do not edit -->',
])('refuses a page that has lost its place for results: %j', (page) => {
  expect(() => replaceResults(page, 'new')).toThrow('no place for results');
});
