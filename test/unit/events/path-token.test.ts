// The tokens in the URLs of receivers: known values, two generations at a time, and none without a key.
import { expect, it } from 'vitest';
import { matchPathToken, pathToken } from '../../../shared/events/path-token.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { AUTH_VECTORS } from './fixtures.ts';

const KEY = new Secret('master');

it.each(AUTH_VECTORS.pathTokens)(
  'of $receiverId, generation $generation',
  ({ masterKey, receiverId, generation, token }) => {
    expect(pathToken(new Secret(masterKey), receiverId, generation)).toBe(token);
    expect(matchPathToken(token, new Secret(masterKey), receiverId, [generation])).toBe(generation);
  },
);

it('is right in the generations that are valid now', () => {
  const old = pathToken(KEY, 'hub', 1);
  expect(matchPathToken(old, KEY, 'hub', [2, 1])).toBe(1);
  expect(matchPathToken(old, KEY, 'hub', [3, 2])).toBeUndefined();
});

it('is right for one receiver and one key', () => {
  const token = pathToken(KEY, 'hub', 1);
  expect(matchPathToken(token, KEY, 'quay', [1])).toBeUndefined();
  expect(matchPathToken(token, new Secret('other'), 'hub', [1])).toBeUndefined();
  for (const wrong of ['', token.slice(1), `${token}=`, token.toLowerCase()]) {
    expect(matchPathToken(wrong, KEY, 'hub', [1])).toBeUndefined();
  }
});

it('is never right without a master key', () => {
  const none = new Secret('');
  expect(matchPathToken(pathToken(none, 'hub', 1), none, 'hub', [1])).toBeUndefined();
});
