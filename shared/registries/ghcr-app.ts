// Tokens of a GitHub App's installation for GHCR: an hour each, and as many as are asked for. Such a token logs in wherever it comes from;
// whether it pulls is settled in the settings of each package, so that only a probe of a pull tells (akuity/kargo#2383).
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { TransshipError } from '../errors.ts';
import type { SecretSource } from '../identity/secret-source.ts';
import { Secret } from '../telemetry/secret.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssueOptions, Issuer } from './issuer.ts';
import { isObject } from './tag-digest-pages.ts';
import { unusableAnswer, vendorApi, type ApiPlace } from './vendor-api.ts';

export type GithubApp = {
  appId: string;
  installationId: string;
  key: SecretSource;
  /** By their names without the owner; absent: all of the installation. */
  repositories?: readonly string[] | undefined;
  api?: string | undefined;
};

/** GitHub takes any name beside a token; this is the one that its documentation uses. */
const USER = 'x-access-token';
/** GitHub takes nothing beyond ten minutes, by its own clock. */
const JWT_LIFE_S = 9 * 60;
const SKEW_S = 60;
const OPERATION = 'issue a token of the GitHub App';

export function githubAppIssuer(place: ApiPlace, hosts: readonly string[], app: GithubApp, now: () => number): Issuer {
  const base = new URL(app.api ?? apiOf(place.host));
  return {
    id: JSON.stringify(['githubApp', base.href, app.appId, app.installationId, app.repositories ?? [], app.key.name]),
    hosts,
    async issue({ signal }: IssueOptions = {}) {
      const key = readable(await app.key.read(), app.key.name);
      const api = vendorApi(place, base);
      const { json, clockAt } = await api.send({
        operation: OPERATION,
        method: 'POST',
        path: `/app/installations/${encodeURIComponent(app.installationId)}/access_tokens`,
        headers: {
          authorization: new Secret(`Bearer ${appJwt(app.appId, key, now()).reveal()}`),
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
        },
        body: {
          permissions: { packages: 'read' },
          ...(app.repositories === undefined ? {} : { repositories: app.repositories }),
        },
        expect: [201],
        // A token that got lost on the way ends within the hour.
        replayable: true,
        hints: {
          unauthorized: `check appId, the private key (${app.key.name}) and the clock of this machine`,
          denied: 'the installation is suspended, or the App lacks the permission "Packages: read"',
          'not-found': `installation ${app.installationId} is not one of App ${app.appId}: look at the App's settings, "Install App"`,
          'registry-error': 'the App lacks the permission "Packages: read", or one of the repositories',
        },
        ...(signal === undefined ? {} : { signal }),
      });
      const { token, end } = tokenOf(json, place.host, api.host);
      const receivedAt = now();
      return issuedCredential({
        registry: place.host,
        username: USER,
        secret: token,
        expiresAt: new Date(end.getTime() - clockAt.getTime() + receivedAt),
        identity: `installation ${app.installationId} of GitHub App ${app.appId}`,
        now: receivedAt,
      });
    },
  };
}

/** https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom */
function apiOf(host: string): string {
  const [, enterprise] = /^containers\.([a-z0-9-]+\.ghe\.com)$/.exec(host) ?? [];
  return enterprise === undefined ? 'https://api.github.com' : `https://api.${enterprise}`;
}

/** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
function appJwt(appId: string, key: KeyObject, now: number): Secret {
  const seconds = Math.floor(now / 1000);
  const claims = { iat: seconds - SKEW_S, exp: seconds + JWT_LIFE_S - SKEW_S, iss: appId };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return new Secret(`${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`);
}

/** @throws TransshipError invalid-config, without what the parser says: it may quote the key */
function readable(key: Secret, name: string): KeyObject {
  try {
    const parsed = createPrivateKey(key.reveal());
    if (parsed.asymmetricKeyType === 'rsa') return parsed;
  } catch {
    // told below
  }
  throw new TransshipError('invalid-config', `${name} is not the private key of a GitHub App`, {
    hint: 'give the .pem file that GitHub made ("Generate a private key"), an RSA key',
  });
}

function tokenOf(json: unknown, registry: string, host: string): { token: Secret; end: Date } {
  const { token, expires_at: stated } = isObject(json) ? json : {};
  const end = new Date(typeof stated === 'string' ? stated : Number.NaN);
  if (typeof token !== 'string' || token === '' || Number.isNaN(end.getTime())) {
    throw unusableAnswer({ registry, host, operation: OPERATION, reason: 'it has no token, or no end of it' });
  }
  return { token: new Secret(token), end };
}
