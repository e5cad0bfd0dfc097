// The parts of `transship aws` that ask nobody: what is written for a beginning, what functions can have of a configuration, how a stack
// is judged, and what answers of AWS are read as.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { regionOfProfile } from '../../../infra/cli/aws/aws-place.ts';
import { checkConfig, checkDeployedConfig } from '../../../infra/cli/aws/checks/config.ts';
import { checkFunctions, checkStack } from '../../../infra/cli/aws/checks/stack.ts';
import { rightsOnlyOf } from '../../../infra/cli/aws/changed-rights.ts';
import { meansTheSame, readDeployedConfig } from '../../../infra/cli/aws/deployed-config.ts';
import { asTheCaller } from '../../../infra/cli/aws/osls.ts';
import { elementsAt, readXml, textAt } from '../../../infra/cli/aws/read-xml.ts';
import { secretReferencesIn } from '../../../infra/cli/aws/secret-references.ts';
import { filledStarter } from '../../../infra/cli/aws/starter.ts';
import { main } from '../../../infra/cli/main.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { captureIo } from '../../support/captured-io.ts';
import { PLACE } from '../../support/aws/aws-place.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'transship-aws-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STARTER = readFileSync(new URL('../../../infra/aws/stack/starter.yaml', import.meta.url), 'utf8');
const HOST = '210987654321.dkr.ecr.us-east-2.amazonaws.com';
const ANSWERS = { account: '210987654321', region: 'us-east-2', repositories: ['team/app'] };

function deployed(text: string, env: NodeJS.ProcessEnv = {}) {
  const file = path.join(folder, 'transship.yaml');
  writeFileSync(file, text);
  const globals = { config: [file], color: false, logLevel: 'warn' } as const;
  return readDeployedConfig({
    io: captureIo({ env }),
    globals: { ...globals, config: [file] },
    signal: new AbortController().signal,
  });
}

async function run(words: readonly string[], typed?: readonly string[]) {
  const io = captureIo(typed === undefined ? {} : { typed });
  const exitCode = await main(['aws', ...words], io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

describe('osls', () => {
  it('deploys as who was asked about: variables that only it knows are kept from it', () => {
    const words = ['deploy', '--stage', 'prod', '--region', 'eu-west-1'];
    const common = { AWS_PROFILE: 'mine', AWS_ACCESS_KEY_ID: 'mine', AWS_DEV_PROFILE: 'of another stage' };
    const env = {
      ...common,
      AWS_PROD_PROFILE: 'other',
      AWS_PROD_ACCESS_KEY_ID: 'other',
      AWS_PROD_SECRET_ACCESS_KEY: 'other',
      AWS_PROD_SESSION_TOKEN: 'other',
      AWS_DEFAULT_PROFILE: 'other',
    };
    expect(asTheCaller(env, words)).toEqual(common);
  });
});

describe('XML of AWS', () => {
  it('gives elements and texts by their path', () => {
    const stacks = readXml(
      '<?xml version="1.0"?>\n<R xmlns="urn:x"><S><member><A>1</A><B/></member><member><A>a &lt;&#38;&#x3e; b</A></member></S></R>',
    );
    expect(elementsAt(stacks, ['S', 'member'])).toHaveLength(2);
    expect(elementsAt(stacks, ['S', 'member', 'A']).map(({ text }) => text)).toEqual(['1', 'a <&> b']);
    expect(textAt(stacks, ['S', 'member', 'B'])).toBe('');
    expect(textAt(stacks, ['nothing'])).toBeUndefined();
  });

  it('gives any text back as it was', () => {
    const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(readXml(`<a><b>${escape(text)}</b></a>`).children[0]?.text).toBe(text);
      }),
    );
  });

  it.each(['', '{"a":1}', '<a><b></a>', '<a>', 'text'])('is refused where it is none: %j', (text) => {
    expect(() => readXml(text)).toThrow(expect.objectContaining({ code: 'invalid-response' }));
  });
});

describe('the region of a profile', () => {
  const FILE = `# mine
[default]
region = eu-west-1 # home
s3 =
  region = nested
[profile work]
region=us-east-2
[profile "two words"]
output = json
`;
  it.each([
    ['default', 'eu-west-1'],
    ['work', 'us-east-2'],
    ['two words', undefined],
    ['other', undefined],
  ])('%s: %s', (profile, region) => expect(regionOfProfile(FILE, profile)).toBe(region));
});

describe('the configuration to begin with', () => {
  it.each([
    { repositories: ['team/app'] },
    { repositories: ['team/app', 'b'] },
    { repositories: ['team/*'], to: 'ghcr.io/acme/{name}' },
    { repositories: ['a'], to: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/m/{repository}' },
  ])('is one that functions can have: %j', async (more) => {
    const text = filledStarter(STARTER, { ...ANSWERS, ...more });
    expect(text).not.toContain('123456789012');
    const config = await deployed(text);
    expect(config.loaded.warnings).toEqual([]);
    expect(checkConfig(config)).toMatchObject([{ state: 'ok' }]);
    const [rule] = config.config.rules;
    expect(rule?.from.registry).toBe(HOST);
    expect(config.config.receivers).toMatchObject([{ kind: 'ecr', registry: HOST }]);
    expect(rule?.to[0]?.text).toBe('to' in more ? more.to : `${HOST}/mirror/{repository}`);
  });

  it('is written once, and tells what comes next', async () => {
    const words = ['init', '--dir', path.join(folder, 'new'), '--account', '210987654321', '--region', 'us-east-2'];
    const first = await run([...words, '--repository', 'team/app']);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('transship aws deploy') });
    const file = path.join(folder, 'new', 'transship.yaml');
    writeFileSync(file, 'mine');
    expect(await run([...words, '--repository', 'team/app'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--force'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await run([...words, '--repository', 'team/app', '--force'])).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain(HOST);
  });

  it('asks at a terminal for what the command line does not say', async () => {
    const dir = path.join(folder, 'asked');
    const asked = await run(['init', '--dir', dir], ['us-east-2', '210987654321', '']);
    expect(asked).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('The region') });
    expect(readFileSync(path.join(dir, 'transship.yaml'), 'utf8')).toContain(`from: ${HOST}/team/app`);
  });

  it.each([
    [['--account', '12', '--region', 'eu-west-1', '--repository', 'a'], 'are not those of an ECR registry'],
    [['--account', '210987654321', '--region', 'eu-west-1', '--repository', 'Team'], 'lower'],
    [['--region', 'eu-west-1'], '--account is missing'],
  ])('refuses %j', async (words, message) => {
    const { exitCode, stderr } = await run(['init', '--dir', path.join(folder, 'none'), ...words]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('the configuration of functions', () => {
  const CONFIG =
    'version: 1\nregistries:\n  a.example.com: { credential: { username: u, password: { awsSecret: { id: s } } } }\n';

  it('is the text as it is written, comments and all', async () => {
    const text = `${CONFIG}# a comment, and $\${literal}\n`;
    expect((await deployed(text)).text).toBe(text);
  });

  it('has no variables: they are filled in here', async () => {
    const text =
      'version: 1\ninstance: "${NAME}"\nregistries: { a.example.com: { credential: { username: "$${u}", password: { awsSecret: { id: s } } } } }\n';
    const config = await deployed(text, { NAME: 'prod-1' });
    expect(config.text).not.toContain('NAME');
    const { effective } = readConfig([{ file: 'x', text: config.text }], { env: {}, homeDir: '/', cwd: '/' });
    expect(effective.instance).toBe('prod-1');
    expect(effective.registries['a.example.com']?.credential).toMatchObject({ username: '${u}' });
    expect(meansTheSame(config.text, text.replace('${NAME}', 'prod-1'))).toBe(true);
  });

  it.each([
    [
      'registries: { a.example.com: { credential: { username: u, password: { env: PASSWORD } } } }',
      'password',
      'env PASSWORD',
    ],
    ['registries: { a.example.com: { ca: { file: ./ca.pem } } }', 'registries.a.example.com.ca', 'file'],
    ['clusters: [{ name: here, inCluster: {} }]', 'clusters[here]', 'inCluster'],
    ['clusters: [{ name: dev, kubeconfig: {} }]', 'clusters[dev]', 'kubeconfig'],
  ])('cannot have %s', async (section, about, message) => {
    const [finding, ...others] = checkConfig(await deployed(`version: 1\n${section}\n`));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: 'config', state: 'fail', hint: expect.stringMatching(/awsSecret/) });
    expect(finding?.about).toContain(about);
    expect(finding?.message).toContain(message);
  });

  it('names its secrets by their places, and takes labels for none', () => {
    const found = secretReferencesIn({
      registries: { 'a.example.com': { credential: { password: { awsSecret: { id: 's', key: 'k' } } } } },
      receivers: [{ id: 'hub', auth: { secrets: [{ awsParameter: { name: '/p' } }] } }],
      credentials: [{ name: 'pull', namespaces: { selector: { env: 'prod' } } }],
    });
    expect(found).toEqual([
      { place: 'registries.a.example.com.credential.password', kind: 'awsSecret', target: 's' },
      { place: 'receivers[hub].auth.secrets[0]', kind: 'awsParameter', target: '/p' },
    ]);
  });

  it('needs other rights where it names another secret, not where it says the same in other words', () => {
    const other = CONFIG.replace('id: s', 'id: other');
    expect(rightsOnlyOf(CONFIG, `${CONFIG}api: {}\n`)).toEqual([]);
    expect(rightsOnlyOf(other, CONFIG)).toContainEqual(
      expect.stringMatching(/^[a-z-]+: secretsmanager:GetSecretValue on .*other/),
    );
    expect(rightsOnlyOf(CONFIG, other)).not.toEqual([]);
  });

  it('needs no rights that were there before where something was taken out of it', () => {
    const repository = `pull: [{ registry: ${HOST}, repository: team/app }]`;
    const grant = `grants:\n  - { name: g, to: { awsAccount: '111122223333' }, ${repository}, reason: r }\n`;
    const [less, more] = ['version: 1\n', `version: 1\n${grant}`];
    expect(rightsOnlyOf(less, more)).toEqual([]);
    expect(rightsOnlyOf(more, less)).toContainEqual(
      expect.stringMatching(/^reconcile-grants: ecr:DeleteRepositoryPolicy on .*team\/app/),
    );
  });

  it.each([
    // there, --config-only would be refused
    [undefined, 'fail', 'is not there', /transship aws deploy$/],
    ['version: 2', 'fail', 'a function can’t read it', /./],
    [CONFIG, 'ok', 'the same', /^$/],
    [`${CONFIG}# in other words\n`, 'ok', 'the same', /^$/],
    ['version: 1', 'warn', 'another configuration', /--config-only/],
  ])('is compared with the deployed one: %j', async (text, state, message, hint) => {
    const [finding] = checkDeployedConfig('s3://bucket/transship.yaml', text, await deployed(CONFIG));
    expect(finding).toMatchObject({ id: 'config-object', state });
    expect(finding?.message.replaceAll("'", '’')).toContain(message);
    expect(finding?.hint ?? '').toMatch(hint);
  });
});

describe('a stack', () => {
  const STACK = { status: 'UPDATE_COMPLETE', isProtected: true, resources: new Map() };

  it.each([
    ['CREATE_COMPLETE', 'ok', ''],
    ['UPDATE_COMPLETE', 'ok', ''],
    ['UPDATE_IN_PROGRESS', 'warn', 'wait'],
    ['UPDATE_ROLLBACK_COMPLETE', 'warn', 'taken back'],
    ['IMPORT_ROLLBACK_COMPLETE', 'warn', 'taken back'],
    ['UPDATE_ROLLBACK_FAILED', 'fail', 'continue-update-rollback'],
    ['UPDATE_FAILED', 'fail', 'rollback-stack'],
    ['IMPORT_ROLLBACK_FAILED', 'fail', 'mend'],
    ['ROLLBACK_COMPLETE', 'fail', 'delete-stack'],
    ['REVIEW_IN_PROGRESS', 'fail', 'delete-stack'],
    ['DELETE_FAILED', 'fail', 'delete-stack'],
  ])('that is %s is %s', (status, state, hint) => {
    const [finding] = checkStack(PLACE, { ...STACK, status });
    expect(finding?.state).toBe(state);
    expect(finding?.hint ?? '').toContain(hint);
  });

  it('that is not there says how to get there', () => {
    const [finding] = checkStack(PLACE, undefined);
    expect(finding).toMatchObject({ state: 'warn', hint: expect.stringContaining('--stage prod --region eu-west-1') });
  });

  it('tells each function that is missing or cannot run', () => {
    const one = { name: 'http-api', state: 'Failed', trouble: '', roleArn: '', subnets: 0, environment: {} } as const;
    const found = checkFunctions([one, { ...one, name: 'timers', state: 'Active', trouble: 'no role' }]);
    expect(found).toHaveLength(12);
    expect(found.find(({ about }) => about === 'http-api')?.message).toContain('cannot run');
    expect(found.find(({ about }) => about === 'timers')?.message).toContain('no role');
  });
});

describe('deploying', () => {
  it.each([
    ['does not, where nobody can be asked', ['--region', 'eu-west-1'], '--yes'],
    ['needs a region', [], '--region'],
    ['takes no stage that is no name', ['--region', 'eu-west-1', '--stage', 'Prod!', '--yes'], '--stage'],
    ['takes no region that is none', ['--region', 'europe', '--yes'], '--region'],
    ['takes no parameter that there is not', ['--param', 'alarmEmial=x', '--yes'], 'did you mean alarmEmail?'],
    ['changes no parameter with the configuration alone', ['--config-only', '--param', 'logLevel=debug'], 'leave out'],
  ])('%s', async (_, words, hint) => {
    const file = path.join(folder, 'deploy.yaml');
    writeFileSync(file, 'version: 1\n');
    const { exitCode, stderr } = await run(['deploy', '-c', file, ...words]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
  });

  it('says before anything else what functions cannot have', async () => {
    const file = path.join(folder, 'deploy.yaml');
    writeFileSync(file, 'version: 1\nclusters: [{ name: here, inCluster: {} }]\n');
    const { exitCode, stderr } = await run(['deploy', '-c', file, '--yes']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('clusters[here]');
  });
});
