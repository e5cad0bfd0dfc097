// GHSA-5jhf-2qmf-m8c5 and its kin: whatever goes wrong, nothing that `transship copy` prints holds a password, a token or a signed URL.
// Each case runs the command at its most talkative, and searches all that it printed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { captureIo } from '../../support/captured-io.ts';
import { plantImage } from '../../support/planted-image.ts';

const PASSWORD = 'canary-password-7Jq2';
const TOKEN = 'canarytoken.9fLw3.signed';
const SIGNATURE = 'canarysignature8Xk1';
const STATE = 'canarystate4Rt6';
const BASIC = Buffer.from(`canary:${PASSWORD}`).toString('base64');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Everything that the command printed, and its exit code. */
async function copy(from: string, to: string, hosts: readonly string[]) {
  const auths = Object.fromEntries(hosts.map((host) => [host, { auth: BASIC }]));
  const authfile = join(folder, `${hosts[0]?.replace(':', '-')}.json`);
  await writeFile(authfile, JSON.stringify({ auths }));
  const io = captureIo({ env: { HOME: folder, NO_COLOR: '1' } });
  const exitCode = await main(['copy', from, to, '--json', '--log-level', 'debug', '--authfile', authfile], io);
  return { printed: io.stdout.text() + io.stderr.text(), exitCode };
}

function expectNoSecret({ printed }: { printed: string }): void {
  for (const secret of [PASSWORD, BASIC, TOKEN, SIGNATURE, STATE]) expect(printed).not.toContain(secret);
  expect(printed).not.toMatch(/X-Amz-|[?&](sig|token|_state)=(?!\[redacted\])/i);
}

type Answer = (request: IncomingMessage, response: ServerResponse, own: string) => unknown;

const withLogin =
  (answer: Answer): Answer =>
  (request, response, own) => {
    if (request.headers.authorization !== undefined) return answer(request, response, own);
    return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  };

/** What a registry may say to a client that has logged in; it knows all of the client's secrets. */
const HOSTILE: [name: string, answer: Answer][] = [
  [
    'repeats the login in plain words, in an error and in a warning',
    withLogin((request, response) => {
      const login = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
      const message = `${login} may not do this, and ${PASSWORD} is no password of it`;
      response.writeHead(403, { warning: `299 - "${login} ends soon"` });
      response.end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
    }),
  ],
  [
    'echoes the login in an error',
    withLogin((request, response) => {
      const message = `refused: Authorization: ${request.headers.authorization}, password=${PASSWORD}`;
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
    }),
  ],
  [
    'names a token in plain text',
    withLogin((_request, response) => void response.writeHead(400).end(`bad token: ${TOKEN} token=${TOKEN}`)),
  ],
  [
    'redirects to a signed URL that is refused',
    withLogin((_request, response) => {
      const location = `http://10.0.0.1/x?X-Amz-Signature=${SIGNATURE}&sig=${SIGNATURE}&token=${TOKEN}`;
      return response.writeHead(307, { location }).end();
    }),
  ],
  [
    'redirects to a URL with a user name',
    withLogin((_request, response) => {
      return response.writeHead(307, { location: `http://canary:${PASSWORD}@127.0.0.1/` }).end();
    }),
  ],
  [
    'redirects to a signed URL that breaks',
    withLogin((request, response, own) => {
      if (request.url?.includes('sig=') === true) return request.socket.destroy();
      return response.writeHead(307, { location: `${own}/x?X-Amz-Signature=${SIGNATURE}&sig=${SIGNATURE}` }).end();
    }),
  ],
  [
    'redirects to no URL at all',
    withLogin(
      (_request, response) => void response.writeHead(307, { location: `http://[${TOKEN}?sig=${SIGNATURE}` }).end(),
    ),
  ],
  [
    'has a realm with a secret in it',
    (_request, response) => {
      const challenge = `Bearer realm="https://canary:${PASSWORD}@10.0.0.1/t?token=${TOKEN}"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    },
  ],
  [
    'has a token server that echoes what it got',
    (request, response, own) => {
      if (request.url?.startsWith('/token') === true) {
        const said = `${request.headers.authorization ?? ''} ${TOKEN}`;
        return response.writeHead(500).end(JSON.stringify({ details: said, token: TOKEN }));
      }
      return response.writeHead(401, { 'www-authenticate': `Bearer realm="${own}/token"` }).end();
    },
  ],
  [
    'gives a token and then refuses it, repeating it',
    (request, response, own) => {
      if (request.url?.startsWith('/token') === true) return response.end(JSON.stringify({ token: TOKEN }));
      return response
        .writeHead(401, { 'www-authenticate': `Bearer realm="${own}/token"` })
        .end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: String(request.headers.authorization) }] }));
    },
  ],
  [
    'sends a warning with a secret',
    withLogin((_request, response) => {
      return response.writeHead(403, { warning: `299 - "Bearer ${TOKEN} password=${PASSWORD}"` }).end();
    }),
  ],
  [
    'sends a manifest that is no JSON but a secret',
    withLogin((_request, response) => void response.writeHead(200).end(TOKEN)),
  ],
];

describe.concurrent('a source that', () => {
  test.each(HOSTILE)(
    '%s',
    async (_name, answer) => {
      await using hostile = await startBareServer((request, response) => {
        request.resume();
        answer(request, response, `http://${request.headers.host}`);
      });
      await using target = await startRegistry();
      const ran = await copy(`${hostile.host}/team/app:1`, `${target.host}/mirror/app:1`, [hostile.host]);
      expect(ran.exitCode).toBe(1);
      expect(ran.printed).toContain(hostile.host);
      expectNoSecret(ran);
    },
    20_000,
  );
});

describe.concurrent('a target that', () => {
  test.each([
    ['loses the connection on a Location with a state', undefined],
    ['refuses the Location with a state', 400],
    ['does not know the session', 404],
  ])(
    '%s',
    async (_name, status) => {
      await using source = await startRegistry();
      await plantImage(source, 'team/app', { tag: '1', layerSizes: [] });
      await using hostile = await startBareServer((request, response) => {
        request.resume();
        if (request.headers.authorization === undefined) {
          return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        }
        if (request.method === 'HEAD') return response.writeHead(404).end();
        if (request.method === 'POST') {
          const location = `/v2/upload/${STATE}?_state=${STATE}&token=${TOKEN}`;
          return response.writeHead(202, { location }).end();
        }
        if (status === undefined) return request.socket.destroy();
        const message = `no session /v2/upload/${STATE.slice(0, 4)}?_state=${STATE}`;
        return response.writeHead(status).end(JSON.stringify({ errors: [{ code: 'BLOB_UPLOAD_INVALID', message }] }));
      });
      const ran = await copy(`${source.host}/team/app:1`, `${hostile.host}/mirror/app:1`, [hostile.host]);
      expect(ran.exitCode).toBe(1);
      expectNoSecret(ran);
    },
    20_000,
  );
});
