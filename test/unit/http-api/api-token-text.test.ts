// The text of API tokens and its hash.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { apiTokenHash, newApiTokenText } from '../../../functions/http-api/api-token-text.ts';

it('makes tokens that nobody can guess, and that print as nothing', () => {
  const tokens = Array.from({ length: 100 }, newApiTokenText);
  expect(new Set(tokens.map((token) => token.reveal())).size).toBe(100);
  expect(tokens[0]?.reveal()).toMatch(/^tsk_[A-Za-z0-9_-]{43}$/);
  expect(JSON.stringify(tokens[0])).toBe('"[redacted]"');
});

it('hashes the whole text', () => {
  const text = newApiTokenText().reveal();
  expect(apiTokenHash(text)).toBe(createHash('sha256').update(text).digest('hex'));
});

it.each([
  '',
  'tsk_',
  `tsk_${'a'.repeat(42)}`,
  `tsk_${'a'.repeat(44)}`,
  `ghp_${'a'.repeat(43)}`,
  `tsk_${'!'.repeat(43)}`,
])('knows at once that %j is no token', (text) => {
  expect(apiTokenHash(text)).toBeUndefined();
});
