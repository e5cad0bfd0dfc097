// A fake of GitHub's API as far as Apps need it: it checks the App's JWT and gives tokens of an installation.
// https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { startJsonApi, type ApiCall, type ApiReply, type JsonApi } from './json-api.ts';
import { uniqueSecret } from './secrets.ts';

export type FakeGithub = JsonApi & { appId: string; installationId: string; privateKey: string; tokens: string[] };

const HOUR_MS = 3_600_000;

export async function startGithub(): Promise<FakeGithub> {
  const appId = '4711';
  const installationId = '815';
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    // GitHub gives PKCS#1
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const tokens: string[] = [];
  const api = await startJsonApi((call, { skewMs }): ApiReply => {
    const now = Date.now() + skewMs;
    if (!isApp(call, pair.publicKey, appId, now))
      return { status: 401, json: { message: 'A JSON web token could not be decoded' } };
    if (call.path !== `/app/installations/${installationId}/access_tokens`)
      return { status: 404, json: { message: 'Not Found' } };
    const token = `ghs_${uniqueSecret('github')}`;
    tokens.push(token);
    return {
      status: 201,
      json: { token, expires_at: new Date(now + HOUR_MS).toISOString(), permissions: { packages: 'read' } },
    };
  });
  return Object.assign(api, { appId, installationId, privateKey: pair.privateKey, tokens });
}

function isApp({ method, headers }: ApiCall, publicKey: string, appId: string, now: number): boolean {
  const [head = '', payload = '', signature = ''] =
    /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1]?.split('.') ?? [];
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${payload}`),
    createPublicKey(publicKey),
    Buffer.from(signature, 'base64url'),
  );
  if (method !== 'POST' || !isSigned) return false;
  const { iss, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return iss === appId && iat * 1000 <= now && exp * 1000 > now && exp - iat <= 600;
}
