// `transship token-endpoint`: what registries need to trust its tokens.
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openTokenKeys } from '../../../functions/registry-token/token-keys.ts';
import { certificatesFile } from '../../../infra/node/token-keys/certificates-file.ts';
import { madeKeys } from '../../../infra/node/token-keys/made-keys.ts';
import { jsonLines, openCliBed, type CliBed } from '../../support/cli-bed.ts';

const CLUSTER = `clusters: [{ name: prod, kubeconfig: {}, registries: { registry.team.svc: openshift } }]\n`;
const ENDPOINT = 'issuer: transship, service: registry.team.svc';

let bed: CliBed | undefined;
afterEach(() => bed?.remove());

const open = async (config: string): Promise<CliBed> => (bed = await openCliBed(config));
const certificatesIn = (text: string) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

it('prints the certificates, the next one too, and nothing else', async () => {
  const endpoint = await open(`${CLUSTER}tokenEndpoint: { ${ENDPOINT} }\n`);
  const { exitCode, stdout, stderr } = await endpoint.run(['token-endpoint', 'certificates']);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(certificatesIn(stdout)).toHaveLength(2);
  expect(stdout).toBe(await readFile(certificatesFile(endpoint.dataDir), 'utf8'));
  expect((await endpoint.run(['token-endpoint', 'certificates'])).stdout).toBe(stdout);
  expect(jsonLines(await endpoint.run(['token-endpoint', 'certificates', '--json']))).toEqual([
    { type: 'report', issuer: 'transship', service: 'registry.team.svc', certificates: stdout },
  ]);
});

it('rotates to the certificate that was printed before, and says what to do next', async () => {
  const endpoint = await open(`${CLUSTER}tokenEndpoint: { ${ENDPOINT} }\n`);
  const [, next = ''] = certificatesIn((await endpoint.run(['token-endpoint', 'certificates'])).stdout);
  const rotated = await endpoint.run(['token-endpoint', 'rotate']);
  expect(rotated).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(certificatesFile(endpoint.dataDir)) });
  const { pairs, signing } = await madeKeys(endpoint.dataDir, new Date());
  const keys = openTokenKeys(pairs, signing, new Date());
  expect(keys.signing.chain).toEqual([new X509Certificate(next).raw.toString('base64')]);
  expect(certificatesIn((await endpoint.run(['token-endpoint', 'certificates'])).stdout)).toHaveLength(3);
  expect(jsonLines(await endpoint.run(['token-endpoint', 'rotate', '--json']))).toEqual([
    { type: 'report', certificates: certificatesFile(endpoint.dataDir) },
  ]);
});

it('prints those of the configuration, and leaves their rotation to it', async () => {
  const made = await open(`${CLUSTER}tokenEndpoint: { ${ENDPOINT} }\n`);
  await made.run(['token-endpoint', 'certificates']);
  const { pairs } = await madeKeys(made.dataDir, new Date());
  const keys = pairs.map(({ origin }) => `{ certificate: { file: ${origin} }, key: { file: ${origin} } }`);
  const config = `version: 1\ndataDir: ${path.join(made.dataDir, 'other')}\n${CLUSTER}`;
  await writeFile(made.configFile, `${config}tokenEndpoint: { ${ENDPOINT}, keys: [${keys.join(', ')}] }\n`);
  const { stdout } = await made.run(['token-endpoint', 'certificates']);
  expect(certificatesIn(stdout)).toEqual(pairs.map(({ certificate }) => certificate.trim()));
  expect(stdout).not.toContain('PRIVATE');
  const refused = await made.run(['token-endpoint', 'rotate']);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('tokenEndpoint.keys') });
});

it.each(['certificates', 'rotate'])('%s says what is missing where there is no token endpoint', async (verb) => {
  const endpoint = await open('');
  expect(await endpoint.run(['token-endpoint', verb])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('tokenEndpoint:'),
  });
});
