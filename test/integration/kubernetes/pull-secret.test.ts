// What stands in a pull Secret opens the registry that it is for: put there by `transship credentials refresh`, taken out by kubectl, used
// by skopeo at a registry that lets nobody else in.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { openCliBed, type CliBed } from '../../support/cli-bed.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { plantRealImage } from '../../support/real-image.ts';
import { requireComponent } from '../../support/require-component.ts';
import { startServer, type Server } from '../../support/servers.ts';

const run = promisify(execFile);
const USER = 'puller';
const PASSWORD = `canary-pull-${randomBytes(12).toString('hex')}`;

// needs a real kube-apiserver with etcd
describe.skipIf(isKubernetesMissing())('a pull Secret', () => {
  const skopeo = requireComponent('skopeo');
  let folder: string;
  let kubernetes: Kubernetes;
  let registry: Server;
  let bed: CliBed;
  let image: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'transship-pull-secret-'));
    kubernetes = await startKubernetes({ hasControllers: true });
    const auth = { kind: 'htpasswd', username: USER, password: PASSWORD } as const;
    registry = await startServer({ program: requireComponent('docker-registry'), auth });
    image = `docker://${registry.host}/team/app:v1`;
    await using built = await startRegistry();
    await plantRealImage({ registry: built, repository: 'build/app' }, { tag: 'v1', layers: ['one', 'two'] });
    const login = ['--src-tls-verify=false', '--dest-tls-verify=false', '--dest-creds', `${USER}:${PASSWORD}`];
    await run(skopeo, ['copy', '-q', ...login, `docker://${built.host}/build/app:v1`, image]);

    const config = `registries:
  ${registry.host}: { plainHttp: true, probe: team/app, credential: { username: ${USER}, password: { env: PASSWORD } } }
clusters: [{ name: prod, kubeconfig: { path: ${kubernetes.kubeconfigOf('admin')} } }]
credentials: [{ name: pull, clusters: [prod], namespaces: { names: [team-a] }, registries: ['${registry.host}'], secret: { name: registry-pull } }]
`;
    bed = await openCliBed(config, { PASSWORD });
    await kubernetes.kubectl(['create', 'namespace', 'team-a']);
  });
  afterAll(async () => {
    await bed?.remove();
    await registry?.[Symbol.asyncDispose]();
    await kubernetes?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const pull = (authfile: string) =>
    run(skopeo, ['copy', '-q', '--src-tls-verify=false', '--authfile', authfile, image, `dir:${folder}/image`]);

  async function secretText(): Promise<string> {
    const jsonPath = 'jsonpath={.data.\\.dockerconfigjson}';
    const encoded = await kubernetes.kubectl(['-n', 'team-a', 'get', 'secret', 'registry-pull', '-o', jsonPath]);
    return Buffer.from(encoded, 'base64').toString();
  }

  it('that would not pull is not written', async () => {
    const refused = await bed.run(['credentials', 'refresh'], { PASSWORD: 'wrong' });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain(registry.host);
    await expect(secretText()).rejects.toThrow(/not ?found/i);
  });

  it('pulls from the registry that lets nobody else in', async () => {
    const nobody = path.join(folder, 'nobody.json');
    writeFileSync(nobody, '{"auths":{}}');
    await expect(pull(nobody)).rejects.toThrow(/unauthorized|authentication required/);

    expect(await bed.run(['credentials', 'refresh'])).toMatchObject({ exitCode: 0 });
    const extracted = path.join(folder, 'extracted.json');
    writeFileSync(extracted, await secretText());
    await pull(extracted);
    const account = await kubernetes.kubectl(['-n', 'team-a', 'get', 'serviceaccount', 'default', '-o', 'json']);
    expect(JSON.parse(account)).toMatchObject({ imagePullSecrets: [{ name: 'registry-pull' }] });
  });
});
