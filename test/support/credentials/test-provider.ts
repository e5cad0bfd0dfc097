// A provider of credentials in this process: it counts its calls, issues a secret of its own each time, and fails as a test wants it to.
import { randomUUID } from 'node:crypto';
import type { IssuedCredential, Issuer } from '../../../shared/registries/issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

export type TestProvider = Issuer & {
  calls: number;
  /** Absent: its credentials do not end. */
  lifeMs: number | undefined;
  /** So long ago they were issued, by their own word. */
  ageMs: number;
  /** What it throws, or gives in place of a credential. */
  answer: (() => Promise<IssuedCredential>) | undefined;
  /** All that it ever issued. */
  secrets: string[];
};

export const HOUR_MS = 3_600_000;

/** @param registry also its only key, unless hosts are given */
export function testProvider(registry: string, fields: Partial<TestProvider> = {}): TestProvider {
  const provider: TestProvider = {
    id: `test ${registry}`,
    hosts: [registry],
    calls: 0,
    lifeMs: 12 * HOUR_MS,
    ageMs: 0,
    answer: undefined,
    secrets: [],
    async issue() {
      provider.calls += 1;
      if (provider.answer !== undefined) return provider.answer();
      const { lifeMs, ageMs } = provider;
      const issuedAt = new Date(Date.now() - ageMs);
      const secret = `canary-issued-${randomUUID()}`;
      provider.secrets.push(secret);
      return {
        username: 'AWS',
        secret: new Secret(secret),
        issuedAt,
        ...(lifeMs === undefined ? {} : { expiresAt: new Date(issuedAt.getTime() + lifeMs) }),
        identity: `test ${registry}`,
      };
    },
    ...fields,
  };
  return provider;
}
