// A token server as distribution's token authentication wants it: checks a password, signs a JWT for the scopes that were asked.
// It grants every scope to whoever may log in, unless a test says otherwise, and remembers what was asked.
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import type { KeyPair } from './certificates.ts';

type TokenRequest = { method: string; service: string; scopes: string[]; username?: string; status: number };

export type TokenServer = {
  /** What the registry names as realm. */
  realm: string;
  service: string;
  issuer: string;
  requests: TokenRequest[];
  [Symbol.asyncDispose](): Promise<void>;
};

export type TokenServerOptions = {
  /** Signs the tokens; the registry must trust the authority that issued it. */
  signer: KeyPair;
  /** Without it everybody gets a token. */
  user?: { username: string; password: string };
  lifetimeSeconds?: number;
  /** Serves by TLS: a registry with TLS may name no other. */
  tls?: KeyPair;
  /** Answer the OAuth 2 form (POST)? Many real servers do not. */
  oauth?: boolean;
  /** Whether a repository may be used; otherwise the answer is 200 with a token that grants no action on it, as the specification has it. */
  allows?: (repository: string) => boolean;
};

const SERVICE = 'test-registry';
const ISSUER = 'test-issuer';

type Asked = { username?: string | undefined; password?: string | undefined; service: string; scopes: string[] };

/**
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @see https://distribution.github.io/distribution/spec/auth/oauth/
 */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenRequest[] = [];
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { asked, status, body } = await answer(request, options);
    const { username, service, scopes } = asked;
    requests.push({ method: request.method ?? '', service, scopes, status, ...(username && { username }) });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const { tls } = options;
  const listener: http.RequestListener = (request, response) => void serve(request, response);
  const server =
    tls === undefined
      ? http.createServer(listener)
      : https.createServer({ cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) }, listener);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    realm: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/token`,
    service: SERVICE,
    issuer: ISSUER,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

async function answer(request: http.IncomingMessage, options: TokenServerOptions) {
  const asked = request.method === 'POST' ? await readForm(request) : readQuery(request);
  const { user, lifetimeSeconds = 300, oauth = true } = options;
  if (request.method === 'POST' && !oauth) return { asked, status: 404, body: {} };
  if (user && (asked.username !== user.username || asked.password !== user.password)) {
    return { asked, status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: 'wrong username or password' }] } };
  }
  const token = signToken(asked, options.signer, lifetimeSeconds, options.allows);
  const times = { expires_in: lifetimeSeconds, issued_at: new Date().toISOString() };
  return {
    asked,
    status: 200,
    body: request.method === 'POST' ? { access_token: token, ...times } : { token, ...times },
  };
}

function readQuery(request: http.IncomingMessage): Asked {
  const query = new URL(request.url ?? '', 'http://token').searchParams;
  const basic = /^Basic (?<encoded>.+)$/.exec(request.headers.authorization ?? '')?.groups?.['encoded'];
  const [username, ...password] = basic ? Buffer.from(basic, 'base64').toString().split(':') : [];
  return {
    username,
    password: password.join(':'),
    service: query.get('service') ?? '',
    scopes: query.getAll('scope').flatMap((scope) => scope.split(' ')),
  };
}

async function readForm(request: http.IncomingMessage): Promise<Asked> {
  const form = new URLSearchParams(await text(request));
  return {
    username: form.get('username') ?? undefined,
    password: form.get('password') ?? undefined,
    service: form.get('service') ?? '',
    scopes: form.getAll('scope').flatMap((scope) => scope.split(' ')),
  };
}

function signToken(
  { username, service, scopes }: Asked,
  signer: KeyPair,
  lifetimeSeconds: number,
  allows: (repository: string) => boolean = () => true,
): string {
  const certificate = new X509Certificate(readFileSync(signer.certificateFile));
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] };
  const access = scopes.filter(Boolean).map((scope) => {
    const [type, ...name] = scope.split(':');
    const actions = name.pop() ?? '';
    return { type, name: name.join(':'), actions: allows(name.join(':')) ? actions.split(',') : [] };
  });
  const claims = { iss: ISSUER, sub: username ?? '', aud: service, iat: now, nbf: now - 5, exp: now + lifetimeSeconds };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode({ ...claims, jti: randomUUID(), access })}`;
  const key = createPrivateKey(readFileSync(signer.keyFile));
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
