// Pull Secrets beside those that the real kubectl makes of the same input.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildDockerConfig } from '../../../shared/credentials/docker-config.ts';
import { requireComponent } from '../../support/require-component.ts';

const run = promisify(execFile);

type Input = { host: string; username: string; password: string; email?: string };

/** The whole Secret's data, as kubectl would send it; no cluster is asked. */
async function kubectlMakes(kubectl: string, { host, username, password, email }: Input): Promise<Buffer> {
  const options = [`--docker-server=${host}`, `--docker-username=${username}`, `--docker-password=${password}`];
  if (email !== undefined) options.push(`--docker-email=${email}`);
  const { stdout } = await run(
    kubectl,
    ['create', 'secret', 'docker-registry', 'x', ...options, '--dry-run=client', '-o', 'json'],
    { env: { ...process.env, KUBECONFIG: '/dev/null' } },
  );
  const secret: unknown = JSON.parse(stdout);
  expect(secret).toMatchObject({ type: 'kubernetes.io/dockerconfigjson' });
  const text: unknown = Object(secret).data['.dockerconfigjson'];
  return Buffer.from(String(text), 'base64');
}

const SAMPLES: readonly Input[] = [
  { host: 'https://index.docker.io/v1/', username: 'dp-u', password: 'p', email: 'e@x.io' },
  { host: 'r.io', username: 'dp-u', password: 'a<b>&c' },
  { host: 'r.io', username: '<token>', password: 'x:y"z\\' },
  { host: 'r.io:5000', username: 'robot$proj+name', password: 'pä\u2028\u2029ß' },
  { host: 'r.io/path', username: 'dp-u', password: '日本🔑 \u007e\u0080\uFFFD' },
  { host: 'r.io', username: 'dp-u', password: "spaces and 'quotes' `$(x)`" },
];

test.for(SAMPLES)('$username with $password at $host gets the same bytes', async (input) => {
  const kubectl = requireComponent('kubectl');
  expect(Buffer.from(buildDockerConfig([input])).toString()).toBe((await kubectlMakes(kubectl, input)).toString());
});

test('random input gets the same bytes', async () => {
  const kubectl = requireComponent('kubectl');
  const plain = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((one) => !/\p{Cc}/u.test(one));
  const input = fc.record(
    { host: plain, username: plain, password: plain, email: plain },
    { requiredKeys: ['host', 'username', 'password'] },
  );
  await fc.assert(
    fc.asyncProperty(input, async (input) => {
      expect(Buffer.from(buildDockerConfig([input])).equals(await kubectlMakes(kubectl, input))).toBe(true);
    }),
    { numRuns: 25 },
  );
}, 120_000);
