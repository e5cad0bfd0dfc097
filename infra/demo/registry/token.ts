// The token endpoint: GET with Basic credentials, or POST with an OAuth2 form (password or refresh token). It grants what the user may do of what was asked.
// https://distribution.github.io/distribution/spec/auth/oauth/
import { accessOf, isAction, isUser, parseBasic, type Scope } from './access.ts';
import type { Exchange } from './exchange.ts';
import type { TokenAuth } from './options.ts';
import { jsonReply, refusal, type Reply } from './reply.ts';
import type { TokenTable } from './token-table.ts';

export const TOKEN_PATH = '/token';

const FORM_MAX_BYTES = 64 * 1024;

type Grant = { user: string | undefined; scopes: string[]; refreshToken: string | undefined };

export async function handleToken(
  auth: TokenAuth,
  tokens: TokenTable,
  exchange: Pick<Exchange, 'method' | 'url' | 'headers' | 'body'>,
  now: () => number,
): Promise<Reply> {
  const grant = await grantFor(auth, tokens, exchange);
  const scopes = grant.scopes.flatMap(parseScope).slice(0, auth.firstScopeOnly ? 1 : undefined);
  const expiresInSeconds = auth.expiresInSeconds ?? 300;
  const token = tokens.issue({
    user: grant.user,
    access: grantedAccess(auth, grant.user, scopes),
    expiresAtMs: now() + expiresInSeconds * 1000,
  });
  const fields = {
    token,
    access_token: token,
    expires_in: expiresInSeconds,
    issued_at: new Date(now()).toISOString(),
    scope: grant.scopes.join(' '),
    ...(grant.refreshToken === undefined ? {} : { refresh_token: grant.refreshToken }),
  };
  return jsonReply(200, auth.reply?.(fields) ?? fields, { 'cache-control': 'no-store' });
}

async function grantFor(
  auth: TokenAuth,
  tokens: TokenTable,
  exchange: Pick<Exchange, 'method' | 'url' | 'headers' | 'body'>,
): Promise<Grant> {
  if (exchange.method === 'GET') return grantByQuery(auth, tokens, exchange);
  if (exchange.method === 'POST' && auth.post !== false)
    return grantByForm(auth, tokens, await readForm(exchange.body));
  throw refusal(405, 'UNSUPPORTED', `${exchange.method} is not possible on the token endpoint`);
}

function grantByQuery(auth: TokenAuth, tokens: TokenTable, exchange: Pick<Exchange, 'url' | 'headers'>): Grant {
  const query = exchange.url.searchParams;
  const login = parseBasic(exchange.headers.authorization);
  if (login === undefined && !auth.anonymousPull) throw refused('a login is required');
  if (login !== undefined && !isUser(auth.users, login)) throw refused('wrong user name or password');
  const user = login?.username;
  const offline = query.get('offline_token') === 'true' && user !== undefined;
  return { user, scopes: query.getAll('scope'), refreshToken: offline ? tokens.issueRefreshToken(user) : undefined };
}

function grantByForm(auth: TokenAuth, tokens: TokenTable, form: URLSearchParams): Grant {
  if (!form.get('service') || !form.get('client_id')) throw badForm('service and client_id are required');
  const scopes = (form.get('scope') ?? '').split(' ').filter(Boolean);
  const offline = form.get('access_type') === 'offline';
  if (form.get('grant_type') === 'refresh_token') {
    const refreshToken = form.get('refresh_token') ?? '';
    const user = tokens.userOfRefreshToken(refreshToken);
    if (user === undefined) throw refused('the refresh token is unknown');
    return { user, scopes, refreshToken };
  }
  if (form.get('grant_type') !== 'password') throw badForm('grant_type must be password or refresh_token');
  const login = { username: form.get('username') ?? '', password: form.get('password') ?? '' };
  if (!isUser(auth.users, login)) throw refused('wrong user name or password');
  return { user: login.username, scopes, refreshToken: offline ? tokens.issueRefreshToken(login.username) : undefined };
}

async function readForm(body: AsyncIterable<Uint8Array>): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > FORM_MAX_BYTES) throw badForm('the form is too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** Reads `repository:a/b:pull,push`; one parameter may hold several, parted by spaces. Anything else grants nothing. */
function parseScope(text: string): Scope[] {
  return text.split(' ').flatMap((part) => {
    const [, type, name, actions] = /^([a-z]+)(?:\([^)]*\))?:(.+):([^:]*)$/.exec(part) ?? [];
    return type === undefined || name === undefined || actions === undefined
      ? []
      : [{ type, name, actions: actions.split(',') }];
  });
}

function grantedAccess(auth: TokenAuth, user: string | undefined, scopes: readonly Scope[]): Map<string, Set<string>> {
  const may = accessOf(auth, user);
  const access = new Map<string, Set<string>>();
  for (const { type, name, actions } of scopes) {
    const wanted = type === 'repository' && actions.includes('*') ? ['pull', 'push', 'delete'] : actions;
    const granted = wanted.filter((action) =>
      type === 'repository' ? isAction(action) && may(name, action) : user !== undefined,
    );
    const key = `${type}:${name}`;
    access.set(key, new Set([...(access.get(key) ?? []), ...granted]));
  }
  return access;
}

function refused(message: string): Error {
  return refusal(401, 'UNAUTHORIZED', message, { 'www-authenticate': 'Basic realm="token"' });
}

function badForm(message: string): Error {
  return refusal(400, 'UNSUPPORTED', message);
}
