// When registries and clusters are opened anew: when something changed that their connections are made with, and for nothing else.
import { expect, it } from 'vitest';
import { connectionsMark } from '../../../infra/host/connections-mark.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { configOf } from '../../support/http-api/api-bed.ts';

const TEXT = `
version: 1
registries:
  a.example.com:
    ca: { file: /ca }
    clientCertificate: { certificate: { file: /crt }, key: { file: /key } }
    proxy: { file: /proxy }
    credential: { username: me, password: { file: /password } }
mirrors: [{ name: base, from: a.example.com/x, to: [b.example.com/x] }]
`;

function markOf(files: Record<string, string>, text = TEXT): Promise<string> {
  return connectionsMark(configOf(text), async (reference) => {
    const content = 'file' in reference ? files[reference.file] : undefined;
    if (content === undefined) throw new TransshipError('invalid-config', 'no such file');
    return new Secret(content);
  });
}

const FILES = { '/ca': '1', '/crt': '2', '/key': '3', '/proxy': '4', '/password': '5' };

it.each(['/ca', '/crt', '/key', '/proxy'])('opens them when %s has another content, or is gone', async (file) => {
  const before = await markOf(FILES);
  expect(await markOf({ ...FILES, [file]: 'new' })).not.toBe(before);
  const { [file]: _, ...left } = { ...FILES } as Record<string, string>;
  expect(await markOf(left)).not.toBe(before);
});

it('leaves them open for a password, and for rules that name no other registry', async () => {
  const before = await markOf(FILES);
  expect(await markOf({ ...FILES, '/password': 'new' })).toBe(before);
  expect(await markOf(FILES, TEXT.replace('name: base', 'name: other'))).toBe(before);
});

it('opens them for another cluster', async () => {
  const before = await markOf(FILES);
  const withCluster = (context: string) => `${TEXT}clusters: [{ name: prod, kubeconfig: { context: ${context} } }]\n`;
  expect(await markOf(FILES, withCluster('one'))).not.toBe(before);
  expect(await markOf(FILES, withCluster('two'))).not.toBe(await markOf(FILES, withCluster('one')));
});

it('opens them for other repositories of rules only where credentials are tried there', async () => {
  const other = (text: string) => text.replaceAll('example.com/x', 'example.com/y');
  expect(await markOf(FILES, other(TEXT))).toBe(await markOf(FILES));
  const rule =
    '{ name: pull, clusters: [prod], namespaces: { all: true }, registries: [a.example.com], secret: { name: s } }';
  const distributing = `${TEXT}clusters: [{ name: prod, kubeconfig: {} }]\ncredentials: [${rule}]\n`;
  expect(await markOf(FILES, other(distributing))).not.toBe(await markOf(FILES, distributing));
});

it('opens them for another setting, and when a rule names another registry', async () => {
  const before = await markOf(FILES);
  expect(await markOf(FILES, TEXT.replace('a.example.com:\n', 'a.example.com:\n    pathPrefix: /x\n'))).not.toBe(
    before,
  );
  expect(await markOf(FILES, TEXT.replace('b.example.com', 'c.example.com'))).not.toBe(before);
});
