// What is taken out of the text of others before it is shown, and what stays: names of images and of clients are no secrets.
import { expect, it } from 'vitest';
import { redactText } from '../../../shared/telemetry/redact-text.ts';

it.each([
  'acme/auth-token:v1.2',
  'registry.example.com/acme/token:v1.2',
  'auth_token:v1.2',
  'ghcr.io/acme/my-secret:1.0.3',
  'acme/x-credential:2026-11-21',
  'api-token/01a1fdfa',
  'oidc:https://issuer.example.com repo:acme/app:ref:refs/heads/main',
  'token: expired',
  'invalid token: expired, Basic authentication required',
])('leaves %s as it is', (text) => {
  expect(redactText(text)).toBe(text);
});

it.each([
  ['token:hunter2', 'token:[redacted]'],
  ['token: hunter2', 'token: [redacted]'],
  ['access_token=hunter2&x=1', 'access_token=[redacted]&x=1'],
  ['{"refresh_token":"hunter2"}', '{"refresh_token":"[redacted]"}'],
  ["'auth-token': 'hunter2'", "'auth-token': '[redacted]'"],
  ['x-auth-token: hunter2', 'x-auth-token: [redacted]'],
  ['password:hunter2', 'password:[redacted]'],
  ['my password = hunter2', 'my password = [redacted]'],
  ['X-Amz-Signature=0a1b2c', 'X-Amz-Signature=[redacted]'],
  ['https://me:hunter2@registry.example.com/v2/', 'https://[redacted]@registry.example.com/v2/'],
])('redacts %s', (text, shown) => {
  expect(redactText(text)).toBe(shown);
});
