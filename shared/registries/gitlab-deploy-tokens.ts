// Deploy tokens of GitLab, made anew for each credential and taken away once a newer one has been there for long enough.
//
// GitLab shows a token once and knows no other state: the name of each holds when it was made (`transship-20270131T120000Z`). A crash
// between making and handing out leaves one that nobody has; it is found again by its name, and goes with the older ones. Which of two is
// in use nobody can tell: a process that begins anew makes one for a single new Namespace, while all others hold an older one. So none goes
// before clusters have renewed it by its age, `graceMs` after that, nor one that a cluster is known to hold.
// https://docs.gitlab.com/api/deploy_tokens/
import { messageOf, TransshipError } from '../errors.ts';
import type { SecretSource } from '../identity/secret-source.ts';
import { Secret } from '../telemetry/secret.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssueOptions, Issuer } from './issuer.ts';
import { isObject, objectsIn } from './tag-digest-pages.ts';
import { unusableAnswer, vendorApi, type ApiPlace, type VendorApi } from './vendor-api.ts';

export type GitlabDeployTokens = {
  /** `/projects/group%2Fproject` or `/groups/group`. */
  owner: string;
  /** What makes them. */
  token: SecretSource;
  name: string;
  lifeMs: number;
  graceMs: number;
  /** GitLab itself, without `/api/v4`. */
  api?: string | undefined;
};

type Known = { id: number; madeAt: number; endsAt?: Date };

const DAY_MS = 24 * 3_600_000;
/** The part of its life after which no cluster that is refreshed holds a credential any more. */
const RENEWED_BY = 0.6;
const PAGE_SIZE = 100;
const MOST_PAGES = 50;
/** Whoever makes more within the grace is in a loop: the next would only be one more that nobody takes away. */
const MOST_YOUNG = 20;

export function gitlabDeployTokenIssuer(
  place: ApiPlace,
  hosts: readonly string[],
  options: GitlabDeployTokens,
  now: () => number,
): Issuer {
  const base = new URL(options.api ?? apiOf(place.host));
  const { owner, name, token, lifeMs, graceMs } = options;
  return {
    id: JSON.stringify(['gitlabDeployToken', base.href, owner, name, token.name, lifeMs]),
    hosts,
    async issue({ signal, inUse }: IssueOptions = {}) {
      const call: Call = { place, api: vendorApi(place, base), options, key: await token.read(), signal };
      const { known, clockAt } = await listTokens(call);
      const time = clockAt.getTime();
      if (known.filter(({ madeAt }) => madeAt > time - graceMs).length >= MOST_YOUNG) throw tooMany(call);
      const gone = superseded(known, time, options);
      const held = gone.length === 0 ? [] : await inUse?.();
      const made = await makeToken(call, time);
      const toLocal = (date: Date): Date => new Date(date.getTime() - time + now());
      const warnings: string[] = [];
      for (const old of gone) {
        if (held?.some((end) => old.endsAt !== undefined && isSameDay(end, toLocal(old.endsAt)))) continue;
        await revoke(call, old.id).catch((error: unknown) => {
          // The new one is good all the same; the next run tries again.
          warnings.push(`deploy token ${old.id} of ${place.host} could not be taken away: ${messageOf(error)}`);
        });
      }
      return issuedCredential({
        registry: place.host,
        username: made.username,
        secret: made.token,
        expiresAt: toLocal(made.endsAt),
        identity: `${made.username} (${made.name})`,
        warnings,
        now: now(),
      });
    },
  };
}

/** All before the newest one that is older than the grace, once whoever held one has had the grace to renew it, too. */
function superseded(known: readonly Known[], time: number, { lifeMs, graceMs }: GitlabDeployTokens): Known[] {
  const settled = known.filter(({ madeAt }) => madeAt <= time - graceMs);
  const newest = Math.max(...settled.map(({ madeAt }) => madeAt));
  return settled.filter(({ madeAt, endsAt }) => {
    const ownLifeMs = endsAt === undefined ? lifeMs : endsAt.getTime() - madeAt;
    return madeAt < newest && time >= madeAt + ownLifeMs * RENEWED_BY + graceMs;
  });
}

/** GitLab ends tokens at midnight, so that days are all that can be compared. */
function isSameDay(one: Date, other: Date): boolean {
  return Math.abs(one.getTime() - other.getTime()) < DAY_MS;
}

type Call = {
  place: ApiPlace;
  api: VendorApi;
  options: GitlabDeployTokens;
  key: Secret;
  signal: AbortSignal | undefined;
};

async function listTokens(call: Call): Promise<{ known: Known[]; clockAt: Date }> {
  const { options } = call;
  const known: Known[] = [];
  for (let page = 1; ; page += 1) {
    const { json, clockAt } = await call.api.send({
      ...commonOf(call),
      operation: 'list deploy tokens',
      method: 'GET',
      path: `/api/v4${options.owner}/deploy_tokens?active=true&per_page=${PAGE_SIZE}&page=${page}`,
      expect: [200],
    });
    const listed = objectsIn(json);
    if (listed === undefined) throw unusable(call, 'the list of deploy tokens has not the documented shape');
    known.push(...listed.flatMap((token) => ours(token, options.name)));
    if (listed.length < PAGE_SIZE || page >= MOST_PAGES) return { known, clockAt };
  }
}

function ours(token: Record<string, unknown>, prefix: string): Known[] {
  const { id, name, expires_at: end, revoked, expired } = token;
  if (typeof id !== 'number' || typeof name !== 'string' || revoked === true || expired === true) return [];
  const madeAt = name.startsWith(`${prefix}-`) ? generationTime(name.slice(prefix.length + 1)) : undefined;
  if (madeAt === undefined) return [];
  const endsAt = new Date(typeof end === 'string' ? end : Number.NaN);
  return [{ id, madeAt, ...(Number.isNaN(endsAt.getTime()) ? {} : { endsAt }) }];
}

/** `20270131T120000Z` */
function generationOf(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function generationTime(text: string): number | undefined {
  const [whole, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return whole === undefined || Number.isNaN(time) ? undefined : time;
}

async function makeToken(call: Call, time: number) {
  const { options } = call;
  const name = `${options.name}-${generationOf(time)}`;
  const { json } = await call.api.send({
    ...commonOf(call),
    operation: 'make a deploy token',
    method: 'POST',
    path: `/api/v4${options.owner}/deploy_tokens`,
    body: { name, scopes: ['read_registry'], expires_at: new Date(time + options.lifeMs).toISOString() },
    expect: [201],
    // Not sent twice: each makes a token.
    replayable: false,
  });
  const { username, token, expires_at: end } = isObject(json) ? json : {};
  // One day is the least that a token lives, at midnight it ends: what GitLab says is what holds.
  const endsAt = new Date(typeof end === 'string' ? end : Number.NaN);
  if (typeof username !== 'string' || typeof token !== 'string' || token === '' || Number.isNaN(endsAt.getTime())) {
    throw unusable(call, 'what was made has no user name, no token or no end');
  }
  return { name, username, token: new Secret(token), endsAt };
}

async function revoke(call: Call, id: number): Promise<void> {
  await call.api.send({
    ...commonOf(call),
    operation: 'take away a deploy token',
    method: 'DELETE',
    path: `/api/v4${call.options.owner}/deploy_tokens/${id}`,
    // One that is gone already is what was wanted.
    expect: [200, 202, 204, 404],
    replayable: true,
  });
}

function commonOf({ key, options, signal }: Call) {
  return {
    headers: { 'private-token': key },
    hints: {
      unauthorized: `the access token (${options.token.name}) has ended, or lacks the scope "api"`,
      denied: `the owner of the access token (${options.token.name}) must be at least Maintainer of the project, or Owner of the group`,
      'not-found': 'check the path of the project or group; without a right to see it, it looks absent',
    },
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Of registry.gitlab.com only; which GitLab another registry belongs to, its host does not tell. */
function apiOf(host: string): string {
  if (host === 'registry.gitlab.com') return 'https://gitlab.com';
  throw new TransshipError('invalid-config', `which GitLab makes the deploy tokens for ${host} is not known`, {
    hint: 'name it: credential: { gitlabDeployToken: { api: https://gitlab.acme.io, … } }',
    details: { registry: host, operation: 'issue credential' },
  });
}

function tooMany({ place, options }: Call): TransshipError {
  return new TransshipError(
    'conflict-refused',
    `${place.host}: more than ${MOST_YOUNG} deploy tokens "${options.name}-…" were made within the grace of ${Math.round(options.graceMs / DAY_MS)} days`,
    {
      hint: 'look for what asks again and again, or whether two installations share the name; then revoke those that nobody uses',
      details: { registry: place.host, operation: 'issue credential' },
    },
  );
}

function unusable({ place, api }: Call, reason: string): TransshipError {
  return unusableAnswer({ registry: place.host, host: api.host, operation: 'make a deploy token', reason });
}
