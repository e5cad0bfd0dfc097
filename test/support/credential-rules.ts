// Rules of credentials and what was issued for them, as tests of the planner want them. Each value of a credential is unique.
import { randomUUID } from 'node:crypto';
import type { CredentialRule } from '../../shared/credentials/credential-rule.ts';
import type { DesiredCredentials, DesiredRegistry, IssueOutcome } from '../../shared/credentials/desired.ts';
import { Secret } from '../../shared/telemetry/secret.ts';

export const HOUR_MS = 3_600_000;

export function ruleOf(rule: Partial<CredentialRule> = {}): CredentialRule {
  return {
    name: 'pull',
    clusters: ['prod'],
    namespaces: { all: true, exclude: [] },
    registries: ['r.io'],
    secret: { name: 'registry-pull', layout: 'merged' },
    serviceAccounts: { names: ['default'] },
    verify: true,
    prune: false,
    adopt: false,
    ...rule,
  };
}

export function issuedNow(
  options: { ageMs?: number; lifeMs?: number; username?: string; password?: string } = {},
): IssueOutcome {
  const { ageMs = 0, lifeMs, username = 'planned-user', password = `planned-${randomUUID()}` } = options;
  const secret = new Secret(password);
  return { kind: 'issued', credential: { username, secret, ageMs, ...(lifeMs === undefined ? {} : { lifeMs }) } };
}

export const AWAY: IssueOutcome = { kind: 'failed', message: 'the provider does not answer', hint: 'wait' };

function registryOf(registry: Partial<DesiredRegistry> = {}): DesiredRegistry {
  return { id: 'issuer', hosts: ['r.io'], ...registry };
}

export function desiredOf(
  rules: readonly CredentialRule[],
  registries: Readonly<Record<string, Partial<DesiredRegistry>>>,
): DesiredCredentials {
  return {
    instance: 'transship',
    rules,
    registries: new Map(
      Object.entries(registries).map(([name, one]) => [
        name,
        registryOf({ id: `issuer-${name}`, hosts: [name], ...one }),
      ]),
    ),
  };
}
