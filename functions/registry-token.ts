// The token function of registries that know no users: whoever shows a token of the cluster or of a trusted issuer gets a token for the
// registry that says what the cluster's RBAC lets him do with its repositories. Nothing is granted that was not asked about, and nothing
// while the cluster does not answer.
//
//   service ours? ─▶ whose token? ─▶ each action: public, or RBAC says yes? ─▶ signed token, also for nothing granted
//        │ 400           │ 401, 503            │ 503
//
// https://distribution.github.io/distribution/spec/auth/token/
import type { TokenEndpointConfig } from '../shared/config/config.ts';
import { isTransshipError } from '../shared/errors.ts';
import type { FetchJson } from '../shared/events/signing-keys.ts';
import { printable } from '../shared/telemetry/printable.ts';
import type { Deps } from './deps.ts';
import { accessDecider, type Decision } from './registry-token/decide-access.ts';
import { signToken } from './registry-token/sign-token.ts';
import type { TokenKeys } from './registry-token/token-keys.ts';
import type { TokenQuestion } from './registry-token/token-question.ts';
import { whoAsks } from './registry-token/who-asks.ts';

export type TokenAnswer =
  | { outcome: 'issued'; token: string; lifeSeconds: number; issuedAt: Date }
  | { outcome: 'wrong-service' | 'unauthorized' | 'unavailable' };

/** `fields`: what each line of the log about this question has. */
export type RegistryToken = (
  endpoint: TokenEndpointConfig,
  keys: TokenKeys,
  question: TokenQuestion,
  fields: Readonly<Record<string, unknown>>,
) => Promise<TokenAnswer>;

type TokenDeps = Pick<Deps, 'clock' | 'logger' | 'metrics' | 'clusters'> & { fetchJson: FetchJson };

/** One per process: it remembers for some seconds what clusters answered. */
export function registryToken(deps: TokenDeps): RegistryToken {
  const { clock, logger, metrics } = deps;
  const who = whoAsks(deps);
  const decide = accessDecider(deps);

  const answer: RegistryToken = async (endpoint, keys, { service, access, login }, fields) => {
    const log = logger.with(fields);
    if (service !== endpoint.service) return { outcome: 'wrong-service' };
    if (login.kind === 'unreadable') {
      log.warn('registry login refused', { reason: 'this is no password that anybody has' });
      return { outcome: 'unauthorized' };
    }
    const asker = login.kind === 'none' ? undefined : await who(endpoint, login.password);
    if (asker !== undefined && asker.puller === undefined) {
      log.warn('registry login refused', { reason: asker.why });
      return { outcome: 'unauthorized' };
    }
    const puller = asker?.puller;
    const decisions = await Promise.all(access.map((asked) => decide(endpoint, puller, asked)));
    for (const decision of decisions) {
      log.info('registry access decided', { user: shown(puller?.user), ...told(decision) });
      metrics.count('transship_registry_access_total', { decision: outcomeOf(decision) });
    }
    const [issuedAt, lifeSeconds] = [clock.now(), Math.round(endpoint.lifeMs / 1000)];
    const token = await signToken(keys.signing, {
      issuer: endpoint.issuer,
      service,
      ...(puller !== undefined && { subject: puller.user }),
      sendCertificate: endpoint.sendCertificate,
      access: decisions.map(({ granted }) => granted),
      now: issuedAt,
      lifeSeconds,
    });
    return { outcome: 'issued', token, lifeSeconds, issuedAt };
  };

  return async (endpoint, keys, question, fields) => {
    const result = await answer(endpoint, keys, question, fields).catch((error: unknown): TokenAnswer => {
      if (!isTransshipError(error)) throw error;
      logger.error('a registry login could not be decided', { ...fields, err: error });
      return { outcome: 'unavailable' };
    });
    metrics.count('transship_registry_tokens_total', { outcome: result.outcome });
    return result;
  };
}

function told({ asked, granted, why }: Decision) {
  return {
    repository: shown(asked.type === 'repository' ? asked.name : `${asked.type}:${asked.name}`),
    asked: shown(asked.actions.join(',')),
    granted: granted.actions.join(','),
    reason: [...new Set(why)].join('; '),
  };
}

function outcomeOf({ asked, granted }: Decision): string {
  if (granted.actions.length === 0) return 'denied';
  return granted.actions.length < asked.actions.length ? 'partly' : 'granted';
}

function shown(text: string | undefined): string {
  return text === undefined ? 'anybody' : printable(text);
}
