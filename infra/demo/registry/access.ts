// Who asks, and whether they may: Basic credentials or a bearer token, checked against what each operation needs.
// https://distribution.github.io/distribution/spec/auth/token/
import { timingSafeEqual } from 'node:crypto';
import type { Action, BasicAuth, TokenAuth, Users } from './options.ts';
import { refusal } from './reply.ts';
import type { TokenTable } from './token-table.ts';

export type Identity = {
  user: string | undefined;
  may: (repository: string, action: Action) => boolean;
};

/** One access in the words of the token specification: `repository:<name>:<actions>` or `registry:catalog:*`. */
export type Scope = { type: string; name: string; actions: readonly string[] };

type Request = {
  authorization: string | undefined;
  /** What the operation needs; empty for the version check, which only asks for a valid identity. */
  needed: readonly Scope[];
  /** The registry's own token endpoint. */
  tokenUrl: string;
};

/** Gives the identity behind a request that may go on; answers 401 or 403 otherwise. */
export function authorize(auth: BasicAuth | TokenAuth | undefined, tokens: TokenTable, request: Request): Identity {
  if (auth === undefined) return { user: undefined, may: () => true };
  return auth.kind === 'basic' ? authorizeBasic(auth, request) : authorizeToken(auth, tokens, request);
}

function authorizeBasic(auth: BasicAuth, request: Request): Identity {
  const login = parseBasic(request.authorization);
  const challenge = { 'www-authenticate': 'Basic realm="transship demo registry", charset="UTF-8"' };
  if (login !== undefined && !isUser(auth.users, login)) {
    throw refusal(401, 'UNAUTHORIZED', 'wrong user name or password', challenge);
  }
  const user = login?.username;
  const identity: Identity = { user, may: (repository, action) => accessOf(auth, user)(repository, action) };
  if (user === undefined && request.needed.length === 0 && auth.anonymousPull) return identity;
  const allowed = request.needed.every((scope) => isGranted(identity, scope));
  if (user === undefined && (request.needed.length === 0 || !allowed)) {
    throw refusal(401, 'UNAUTHORIZED', 'a login is required', challenge);
  }
  if (!allowed) throw refusal(403, 'DENIED', `user ${user} may not do that`);
  return identity;
}

function authorizeToken(auth: TokenAuth, tokens: TokenTable, request: Request): Identity {
  const [, text] = /^bearer +(.+)$/i.exec(request.authorization ?? '') ?? [];
  const token = text === undefined ? undefined : tokens.find(text);
  if (token === undefined) throw challenge(auth, request, text === undefined ? undefined : 'invalid_token');
  const granted = (name: string, action: string): boolean => {
    const actions = token.access.get(name);
    return actions !== undefined && (actions.has(action) || actions.has('*'));
  };
  const sufficient = request.needed.every(({ type, name, actions }) =>
    actions.every((action) => granted(`${type}:${name}`, action)),
  );
  if (!sufficient) throw challenge(auth, request, 'insufficient_scope');
  return { user: token.user, may: (repository, action) => granted(`repository:${repository}`, action) };
}

function challenge(auth: TokenAuth, request: Request, error: string | undefined): Error {
  const scope = request.needed.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ');
  const parameters = [
    `realm="${auth.realm ?? request.tokenUrl}"`,
    `service="${serviceOf(auth)}"`,
    ...(scope === '' ? [] : [`scope="${scope}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  const bearer = `Bearer ${parameters.join(',')}`;
  return refusal(401, 'UNAUTHORIZED', 'a token with access to this is required', {
    'www-authenticate': auth.challenges?.(bearer) ?? [bearer],
  });
}

function serviceOf(auth: TokenAuth): string {
  return auth.service ?? 'transship-demo-registry';
}

/** What a user may do by the options; a known user everything, the anonymous one at most pull. */
export function accessOf(
  auth: BasicAuth | TokenAuth,
  user: string | undefined,
): (repository: string, action: Action) => boolean {
  return (repository, action) => {
    if (user === undefined && !(auth.anonymousPull && action === 'pull')) return false;
    return auth.access?.(user, repository, action) ?? true;
  };
}

function isGranted(identity: Identity, scope: Scope): boolean {
  if (scope.type !== 'repository') return identity.user !== undefined;
  return scope.actions.every((action) => isAction(action) && identity.may(scope.name, action));
}

export function isAction(text: string): text is Action {
  return text === 'pull' || text === 'push' || text === 'delete';
}

export function parseBasic(header: string | undefined): { username: string; password: string } | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function isUser(users: Users, login: { username: string; password: string }): boolean {
  const expected = Object.hasOwn(users, login.username) ? users[login.username] : undefined;
  if (expected === undefined) return false;
  const [given, wanted] = [Buffer.from(login.password), Buffer.from(expected)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
