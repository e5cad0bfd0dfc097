// Reads what a client asks of the token endpoint, in the two forms that clients use: a query with a Basic login, and an OAuth 2 form.
// Pure; whether a login is good is not looked at.
// https://distribution.github.io/distribution/spec/auth/token/
// https://distribution.github.io/distribution/spec/auth/oauth/
import { Secret } from '../../shared/telemetry/secret.ts';
import { readScopes, type Access } from './scopes.ts';

type Login = { kind: 'none' } | { kind: 'password'; password: Secret } | { kind: 'unreadable' };

export type TokenQuestion = { service: string; access: readonly Access[]; login: Login };

/** The error codes of OAuth 2. https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export type Misasked = { error: 'invalid_request' | 'unsupported_grant_type'; detail: string };

export type ReadQuestion = { question: TokenQuestion } | { question?: undefined; wrong: Misasked };

/** More of them describe no pull and no push. */
const MOST_SCOPES = 100;
/** Tokens are of printable ASCII, and fit into a header. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;
/** What a form may have more than once. */
const REPEATED = new Set(['scope']);

/** As skopeo, docker and most others ask: the login is in the Authorization header, if there is one. */
export function readQuery(query: URLSearchParams, authorization: string | undefined): ReadQuestion {
  return complete(query, authorization === undefined ? { kind: 'none' } : readBasic(authorization));
}

/** As containerd asks first, where it has a login: the username does not matter, and a refresh token is a password by another name. */
export function readForm(form: URLSearchParams): ReadQuestion {
  const name = SECRET_OF.get(form.get('grant_type') ?? '');
  if (!form.has('grant_type')) return wrong('the parameter grant_type is missing');
  if (name === undefined) {
    return { wrong: { error: 'unsupported_grant_type', detail: 'grant_type must be password or refresh_token' } };
  }
  const password = form.get(name) ?? '';
  return password === '' ? wrong(`the parameter ${name} is missing`) : complete(form, readPassword(password));
}

const SECRET_OF = new Map([
  ['password', 'password'],
  ['refresh_token', 'refresh_token'],
]);

function complete(parameters: URLSearchParams, login: Login): ReadQuestion {
  const names = [...parameters.keys()].filter((name) => !REPEATED.has(name));
  if (new Set(names).size < names.length) return wrong('a parameter is given more than once');
  const service = parameters.get('service') ?? '';
  if (service === '') return wrong('the parameter service is missing');
  const access = readScopes(parameters.getAll('scope'));
  if (access.length > MOST_SCOPES) return wrong(`more than ${MOST_SCOPES} scopes are asked for`);
  return { question: { service, access, login } };
}

function wrong(detail: string): ReadQuestion {
  return { wrong: { error: 'invalid_request', detail } };
}

/** The password is all behind the first colon. https://www.rfc-editor.org/rfc/rfc7617#section-2 */
function readBasic(authorization: string): Login {
  const encoded = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { kind: 'unreadable' } : readPassword(text.slice(colon + 1));
}

function readPassword(text: string): Login {
  return TOKEN.test(text) ? { kind: 'password', password: new Secret(text) } : { kind: 'unreadable' };
}
