// Every mistake in a configuration is told at its place, in words, with what to do, and ends with exit code 2.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { BAD_CONFIGS } from '../../support/bad-configs.ts';
import { captureIo } from '../../support/captured-io.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function validate(yaml: string, ...options: string[]) {
  const file = path.join(folder, 'transship.yaml');
  writeFileSync(file, yaml);
  const io = captureIo({ env: { HOME: '/home/hunter2' } });
  const exitCode = await main(['config', 'validate', '-c', file, ...options], io);
  return { exitCode, file, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

test.each(BAD_CONFIGS)('$why', async ({ yaml, at, message, hint }) => {
  const { exitCode, file, stdout, stderr } = await validate(yaml);
  const lines = stderr.split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain(`transship: ${file}:${at}: `);
  expect(lines[0]).toContain(message);
  expect(lines[1]).toMatch(/^hint: ./);
  expect(lines[1]).toContain(hint);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toContain('hunter2');
});

test.each(BAD_CONFIGS.filter(({ yaml }) => yaml.includes('hunter2')))('$why: no secret as data', async ({ yaml }) => {
  expect((await validate(yaml, '--json', '--log-level', 'debug')).stdout).not.toContain('hunter2');
});

test('the table is long enough to mean something', () => {
  expect(BAD_CONFIGS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(BAD_CONFIGS.map(({ why }) => why)).size).toBe(BAD_CONFIGS.length);
});

test('all mistakes are told, in the order of their places, also those of names when others are of the form', async () => {
  const yaml = [
    'version: 1',
    'registries: { h.io: { knid: harbor } }',
    'mirrors:',
    '  - { name: a, from: q.io/a, to: [h.io/a], prune: aply }',
    '  - { name: b, from: q.io/b, to: [h.io/b, h.io/b] }',
    'receivers:',
    '  - { id: r, kind: quay, registry: h.oi, auth: { mode: path } }',
  ].join('\n');
  const { exitCode, file, stderr, stdout } = await validate(yaml, '--json');
  expect(exitCode).toBe(2);
  expect(stderr.match(/^transship: /gm)).toHaveLength(4);
  expect(JSON.parse(stdout)).toMatchObject({
    type: 'error',
    code: 'invalid-config',
    message: expect.stringMatching(/unknown key "knid" \(and 3 more\)$/),
    problems: [
      { file, line: 2, column: 23, path: 'registries["h.io"]', text: 'knid', hint: expect.stringContaining('"kind"') },
      { line: 4, path: 'mirrors[0].prune', text: 'aply' },
      { line: 5, path: 'mirrors[1].to[1]', text: 'h.io/b' },
      { line: 7, path: 'receivers[0].registry', text: 'h.oi' },
    ],
  });
});
