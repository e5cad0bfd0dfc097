// Decides the Authorization header of every request to one registry.
//
//   bare ──401──▶ challenge learned (realm checked) ──▶ header ──401──▶ token dropped, credential asked again ──▶ header ──401──▶ give up
//
// The challenge is remembered, so only the first request of a registry goes bare; the credential is loaded only after a realm passed.
import { TransshipError, isTransshipError } from '../../errors.ts';
import { scopeKey, scopeTexts, widen } from './access-scope.ts';
import type { Authorizer, AuthorizerOptions } from './authorization.ts';
import { chooseChallenge } from './challenge-choice.ts';
import type { ChosenChallenge } from './challenge-choice.ts';
import { originOf } from '../egress/egress-policy.ts';
import { basicHeader, createLogins, describeLogin, loginHint } from './login.ts';
import type { Login } from './login.ts';
import type { Scope } from '../registry-request.ts';
import { createTokenExchange } from './token-exchange.ts';
import { createTokenSource } from './token-source.ts';

const BEARER = 'Bearer ';
const MOST_WIDENED = 200;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { registry, guardRealm } = options;
  const logins = createLogins(registry, options.credentials, options.now);
  const tokens = createTokenSource(originOf(options.baseUrl), createTokenExchange(options), options.now);
  /** What to ask the token server for where the registry wants more than the request names; by what the request names. */
  const widened = new Map<string, readonly string[]>();
  let challenge: ChosenChallenge | undefined;

  const accessFor = (scopes: readonly Scope[]): readonly string[] => {
    const needed = scopeTexts(scopes);
    return widened.get(scopeKey(needed)) ?? needed;
  };

  const headerFor = async (
    login: Login,
    scopes: readonly Scope[],
    minimumLifeMs: number,
  ): Promise<string | undefined> => {
    const { credential, identity } = login;
    if (credential.kind === 'registryToken') return BEARER + credential.token.reveal();
    if (challenge === undefined) return undefined;
    if (challenge.scheme === 'basic') return basicHeader(credential);
    const token = await tokens.tokenFor({ challenge, identity, credential, scopes: accessFor(scopes), minimumLifeMs });
    return BEARER + token.reveal();
  };

  const learn = async (
    wwwAuthenticate: string | undefined,
    scopes: readonly Scope[],
    refused: boolean,
  ): Promise<void> => {
    const chosen = chooseChallenge(wwwAuthenticate, registry);
    if (chosen === undefined) return;
    if (chosen.scheme === 'bearer') {
      await guardRealm(chosen.realm);
      if (refused || scopes.length === 0) rememberAccess(scopes, chosen.scope);
    }
    challenge = chosen;
  };

  const rememberAccess = (scopes: readonly Scope[], challengeScope: string | undefined): void => {
    const needed = scopeTexts(scopes);
    const access = widen(needed, challengeScope);
    if (scopeKey(access) === scopeKey(needed)) return;
    widened.set(scopeKey(needed), access);
    const [oldest] = widened.keys();
    if (widened.size > MOST_WIDENED && oldest !== undefined) widened.delete(oldest);
  };

  /** What is sent as it was loaded (Basic, a ready token) is worth another try only if the source now holds something else. */
  const hasNewHeader = async (scopes: readonly Scope[], usedHeader: string | undefined): Promise<boolean> => {
    const repository = repositoryOf(scopes);
    const login = await logins.current(repository);
    if ((await headerFor(login, scopes, 0)) !== usedHeader) return true;
    return (await headerFor(await logins.renew(repository, login), scopes, 0)) !== usedHeader;
  };

  return {
    async authorize(scopes, { minimumLifeMs = 0 } = {}) {
      if (challenge === undefined) return undefined;
      const repository = repositoryOf(scopes);
      const login = await logins.current(repository);
      try {
        return await headerFor(login, scopes, minimumLifeMs);
      } catch (error) {
        if (!isTransshipError(error, 'unauthorized')) throw error;
        // A password that the token server no longer takes may have been renewed in its file or cloud meanwhile.
        const renewed = await logins.renew(repository, login);
        if (renewed.identity === login.identity) throw error;
        return headerFor(renewed, scopes, minimumLifeMs);
      }
    },

    login: () => logins.known(undefined)?.credential,

    async ownHeader(repository) {
      return basicHeader((await logins.current(repository)).credential);
    },

    async challenged(wwwAuthenticate, scopes, usedHeader, retried) {
      const usedAccess = accessFor(scopes);
      await learn(wwwAuthenticate, scopes, usedHeader !== undefined);
      if (challenge === undefined) return 'give-up';
      const isToken = usedHeader?.startsWith(BEARER) === true;
      const dropped = isToken && tokens.reject(usedHeader.slice(BEARER.length), usedAccess);
      if (retried) return 'give-up';
      const repository = repositoryOf(scopes);
      const login = await logins.current(repository);
      if (challenge.scheme === 'basic' || login.credential.kind === 'registryToken') {
        return (await hasNewHeader(scopes, usedHeader)) ? 'retry' : 'give-up';
      }
      if (dropped) await logins.renew(repository, login);
      return 'retry';
    },

    refusal(scopes, operation) {
      const repository = repositoryOf(scopes);
      const credential = logins.known(repository)?.credential;
      const who = credential === undefined ? 'the anonymous request' : describeLogin(credential);
      const what = repository === undefined ? operation : `${operation} in ${repository}`;
      return new TransshipError('unauthorized', `${registry} refused ${who}: ${what}`, {
        hint: loginHint(registry, credential),
        details: {
          registry,
          ...(repository === undefined ? {} : { repository }),
          operation,
          status: 401,
          anonymous: credential === undefined || credential.kind === 'anonymous',
        },
      });
    },
  };
}

/** Whose credential is asked for: the repository that the request is mainly about. */
function repositoryOf(scopes: readonly Scope[]): string | undefined {
  return scopes[0]?.repository;
}
