// Tries whether a registry lets a credential pull, by nothing but that credential. That the token server answers 200 is no grant: the right
// to pull stands in the token, and where that cannot be read, a manifest is asked for.
//
//   GET /v2/ ──401──▶ token for repository:…:pull ──▶ access in the JWT ──▶ pull? ok : refused
//                     Basic, or an opaque token   ──▶ GET a manifest    ──▶ 200, or "unknown manifest": ok; 401, 403: refused
//
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md
import { isTransshipError, type ErrorDetails, type TransshipError } from '../errors.ts';
import { openConnection, type Connection } from '../oci/http/connection.ts';
import { anonymous, type Credential } from '../oci/auth/credential.ts';
import { checkUrl } from '../oci/egress/egress-guard.ts';
import { MANIFEST_ACCEPT } from '../oci/media-types.ts';
import { readServerErrors } from '../oci/registry-error-body.ts';
import { readUpTo } from '../oci/registry-response.ts';
import type { RegistryRuntime, RegistrySettings } from '../oci/registry-settings.ts';
import type { IssuedCredential } from './issuer.ts';
import { pullIn } from './token-access.ts';

/** `login`: no repository was known, so that only the login was tried. */
export type PullVerdict =
  | { state: 'ok'; checked: 'pull' | 'login' | 'nothing-asked' }
  | { state: 'expired' | 'refused' | 'unknown'; message: string; hint?: string };

export type ProbedRepository = { repository: string; tag?: string };

export type PullProbe = {
  settings: RegistrySettings;
  runtime: RegistryRuntime;
  /** Where to mend the credential, in words. */
  origin: string;
  repository: ProbedRepository | undefined;
};

type Answer = { status: number; headers: Record<string, string | undefined>; body: Uint8Array };

const MOST_BYTES = 64 * 1024;
/** The digest of nothing that anybody has: whoever may pull is told that it is unknown. */
const NO_MANIFEST = `sha256:${'0'.repeat(64)}`;
const OPERATION = 'try a pull';

export type ProbedCredential = Pick<IssuedCredential, 'username' | 'secret' | 'expiresAt'>;

/**
 * Never throws for what a registry does or does not do.
 * @param issued undefined: as nobody
 * @throws TransshipError interrupted; invalid-config for certificates and proxies
 */
export async function probePull(
  { settings, runtime, origin, repository }: PullProbe,
  issued: ProbedCredential | undefined,
  signal?: AbortSignal,
): Promise<PullVerdict> {
  const credential: Credential =
    issued === undefined ? anonymous : { kind: 'basic', username: issued.username, password: issued.secret, origin };
  let connection: Connection | undefined;
  try {
    connection = await openConnection({ ...settings, credentials: () => Promise.resolve(credential) }, runtime);
    const verdict = await ask(connection, settings.host, repository, { isNobody: issued === undefined, signal });
    return verdict.state === 'refused' && isOver(issued, runtime.now()) ? { ...verdict, state: 'expired' } : verdict;
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted' || error.code === 'invalid-config') throw error;
    return verdictOf(error, issued, runtime.now());
  } finally {
    await connection?.transport.close();
  }
}

async function ask(
  connection: Connection,
  host: string,
  probed: ProbedRepository | undefined,
  { isNobody, signal }: { isNobody: boolean; signal: AbortSignal | undefined },
): Promise<PullVerdict> {
  const { authorizer } = connection;
  const root = await get(connection, host, '/v2/', undefined, signal);
  const bare =
    probed === undefined || root.status === 401 ? root : await get(connection, host, pathOf(probed), undefined, signal);
  if (bare.status !== 401)
    return probed === undefined ? loginVerdict(host, bare, true) : pullVerdict(host, probed, bare, true);
  const scopes = probed === undefined ? [] : [{ repository: probed.repository, actions: ['pull'] as const }];
  await authorizer.challenged(bare.headers['www-authenticate'], scopes, undefined, false);
  const header = await authorizer.authorize(scopes);
  if (header === undefined && isNobody) return refused(host, bare, `${host} lets nobody in without a login`);
  if (header === undefined) return unknown(host, 'it asks for a login in a way that is not known here');
  const [, token] = /^Bearer (.*)$/.exec(header) ?? [];
  const granted = token === undefined || probed === undefined ? undefined : pullIn(token);
  if (granted === true) return { state: 'ok', checked: 'pull' };
  if (granted === false && probed !== undefined) return notGranted(host, probed);
  const answer = await get(connection, host, probed === undefined ? '/v2/' : pathOf(probed), header, signal);
  return probed === undefined ? loginVerdict(host, answer, false) : pullVerdict(host, probed, answer, false);
}

function pathOf({ repository, tag = NO_MANIFEST }: ProbedRepository): string {
  return `/v2/${repository}/manifests/${tag}`;
}

/** No redirect is followed: whoever is sent on to a storage was let in. */
async function get(
  { baseUrl, policy, transport }: Connection,
  registry: string,
  path: string,
  authorization: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const url = new URL(baseUrl.pathname.replace(/\/$/, '') + path, baseUrl);
  const { status, headers, body } = await transport.exchange({
    method: 'GET',
    url,
    headers: {
      'user-agent': 'transship',
      'accept-encoding': 'identity',
      accept: path === '/v2/' ? 'application/json' : MANIFEST_ACCEPT,
      ...(authorization === undefined ? {} : { authorization }),
    },
    trust: checkUrl(url, 'registry', policy),
    wait: 'response',
    registry,
    operation: OPERATION,
    ...(signal === undefined ? {} : { signal }),
  });
  return { status, headers, body: await readUpTo(body, MOST_BYTES, { url, registry, operation: OPERATION }, 'cut') };
}

function loginVerdict(host: string, answer: Answer, isBare: boolean): PullVerdict {
  if (answer.status === 200) return { state: 'ok', checked: isBare ? 'nothing-asked' : 'login' };
  return answer.status === 401 || answer.status === 403
    ? refused(host, answer, `${host} refused the login`)
    : unknown(host, `it answered ${answer.status}`);
}

function pullVerdict(
  host: string,
  { repository, tag }: ProbedRepository,
  answer: Answer,
  isBare: boolean,
): PullVerdict {
  const { status, body } = answer;
  const isMissing = status === 404 && readServerErrors(body).some(({ code }) => code === 'MANIFEST_UNKNOWN');
  if (isMissing || (status >= 200 && status < 400)) return { state: 'ok', checked: isBare ? 'nothing-asked' : 'pull' };
  if (status === 401 || status === 403) return refused(host, answer, `${host} refused a pull of ${repository}`);
  if (status !== 404) return unknown(host, `it answered ${status} to a pull of ${repository}`);
  const what = tag === undefined ? repository : `${repository}:${tag}`;
  return unknown(
    host,
    `${what} is not there, or this login may not see it`,
    `let "probe" of ${host} name a repository that is there`,
  );
}

function refused(host: string, { status, body }: Answer, what: string): PullVerdict {
  const errors = readServerErrors(body);
  const isExpired = errors.some(({ message = '' }) => /\bexpired\b/i.test(message));
  const code = errors.map((error) => error.code).find((one) => one !== undefined);
  return {
    state: isExpired ? 'expired' : 'refused',
    message: `${what} (${[status, code].filter((part) => part !== undefined).join(' ')})`,
    hint: isExpired ? `the credential of ${host} has ended: it is issued anew` : rightsHint(host),
  };
}

function notGranted(host: string, { repository }: ProbedRepository): PullVerdict {
  return {
    state: 'refused',
    message: `${host} knows the login, and grants it no pull of ${repository}`,
    hint: `${rightsHint(host)}; Harbor treats a robot account that has ended like this, too`,
  };
}

function rightsHint(host: string): string {
  return `give the owner of the credential of ${host} the right to pull, or name another repository: probe`;
}

function unknown(
  host: string,
  reason: string,
  hint = `try again, or look at ${host}: what clusters hold stays as it is`,
): PullVerdict {
  return { state: 'unknown', message: `whether ${host} lets the credential pull is not known: ${reason}`, hint };
}

/** What went wrong on the way says nothing of the credential; a token server that refuses does. */
function verdictOf(error: TransshipError, issued: ProbedCredential | undefined, now: number): PullVerdict {
  const { status }: ErrorDetails = error.details;
  const isRefusal = error.code === 'unauthorized' || error.code === 'denied' || status === 401 || status === 403;
  const state = !isRefusal ? 'unknown' : isOver(issued, now) ? 'expired' : 'refused';
  return { state, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

function isOver(issued: ProbedCredential | undefined, now: number): boolean {
  return issued?.expiresAt !== undefined && issued.expiresAt.getTime() <= now;
}
