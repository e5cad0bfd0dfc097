// `transship grants audit`, `grants import` and `can-pull` for ECR, at a moto server: what policies of others say of pulls.
import { CreateRepositoryCommand, ECRClient, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, openCliBed, type CliBed } from '../../support/cli-bed.ts';
import { startStrictEcr, type StrictEcr } from '../../support/grants/strict-ecr.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const PARTNER = 'arn:aws:iam::111122223333:role/ci';

// Without moto there is no AWS to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('who may pull from ECR', () => {
  let moto: Moto;
  let aws: StrictEcr;
  let bed: CliBed;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'transship-audit-ecr-'));
    moto = await startMoto(requireComponent('moto'));
    const client = new ECRClient({
      region: 'eu-west-1',
      endpoint: moto.url,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const policies = {
      'team-a/open': [{ Sid: 'Everybody', Effect: 'Allow', Principal: '*', Action: PULL }],
      'team-a/app': [{ Sid: 'Partners', Effect: 'Allow', Principal: { AWS: PARTNER }, Action: PULL }],
      'team-b/app': [{ Sid: 'Admins', Effect: 'Allow', Principal: { AWS: PARTNER }, Action: 'ecr:*' }],
    };
    for (const [repositoryName, Statement] of Object.entries(policies)) {
      await client.send(new CreateRepositoryCommand({ repositoryName }));
      const policyText = JSON.stringify({ Version: '2012-10-17', Statement });
      await client.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }));
    }
    client.destroy();
    aws = await startStrictEcr(moto.url);
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
    for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_ENDPOINT_URL_ECR', aws.url);
    bed = await openCliBed(`registries: { ${HOST}: { credential: { aws: {} } } }\n`);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await bed?.remove();
    await aws?.[Symbol.asyncDispose]();
    await moto?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('an audit finds everybody first, and fails on it where that is asked for', async () => {
    const ran = await bed.run(['grants', 'audit', '--json', '--fail-on', 'over-broad']);
    expect(ran).toMatchObject({ exitCode: 4, stderr: '' });
    const found = jsonLines(ran).filter(({ type }) => type === 'finding');
    expect(found).toMatchObject([
      { class: 'over-broad', place: 'team-a/open', object: 'Sid Everybody', who: ['everybody'] },
      { class: 'over-broad', place: 'team-b/app', object: 'Sid Admins', flags: ['wildcard action ecr:*'] },
      { class: 'adoptable', place: 'team-a/app', object: 'Sid Partners', who: [PARTNER] },
    ]);
  });

  it('an import makes a grant of what one could say', async () => {
    const ran = await bed.run(['grants', 'import', '--registry', HOST]);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).toContain(`# Sid Partners at ${HOST}/team-a/app: ${PARTNER}\n`);
    const file = path.join(folder, 'imported.yaml');
    await writeFile(file, ran.stdout);
    expect(await bed.run(['config', 'validate', '-c', file])).toMatchObject({ exitCode: 0 });
    const [change, ...others] = jsonLines(await bed.run(['grants', 'plan', '--json', '-c', file]));
    expect({ change, others }).toMatchObject({ change: { type: 'report', writes: 0 }, others: [] });
  });

  it('can-pull tells by which statement a role may, and cannot tell of one that none names', async () => {
    const named = await bed.run(['can-pull', '--as', `user:${PARTNER}`, `${HOST}/team-a/app:1`]);
    expect(named).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`Sid Partners lets ${PARTNER} pull`),
    });
    const unknown = await bed.run([
      'can-pull',
      '--as',
      'user:arn:aws:iam::111122223333:role/other',
      `${HOST}/team-a/app:1`,
    ]);
    expect(unknown).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('by Sid Partners') });
  });

  it('can-pull of a ServiceAccount needs a cluster to look into', async () => {
    const ran = await bed.run(['can-pull', '--as', 'my-ns/default', `${HOST}/team-a/app:1`]);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the configuration has no clusters') });
  });
});
