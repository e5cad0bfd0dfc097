// What a configuration comes to: files, variables, defaults and paths.
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../shared/config/load.ts';
import { problemsOf } from '../../../shared/config/problem.ts';
import { failureOf } from '../../support/failure.ts';

const SURROUNDINGS = { env: {}, homeDir: '/home/u', cwd: '/work' };

function read(yaml: string | readonly string[], env: NodeJS.ProcessEnv = {}) {
  const texts = [yaml].flat().map((text, index) => ({ file: `conf/${index}.yaml`, text }));
  return readConfig(texts, { ...SURROUNDINGS, env });
}

function problems(yaml: string, env: NodeJS.ProcessEnv = {}): string[] {
  const error = failureOf(() => read(yaml, env));
  return error === undefined
    ? []
    : problemsOf(error).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test('has a default for everything but the version', () => {
  const { config, effective, files, warnings } = read('version: 1\nmirrors:\nreceivers:\n  # none yet\n');
  expect(config).toEqual({
    registries: [],
    rules: [],
    receivers: [],
    clusters: [],
    credentials: [],
    grants: [],
    grantsEveryMs: 600_000,
    api: { listen: { host: '127.0.0.1', port: 8080 }, requestsPerMinute: 600, trustProxy: false, oidc: [] },
    dataDir: '/home/u/.local/state/transship',
    instance: 'transship',
  });
  expect(effective).toMatchObject({ version: 1, mirrors: [], dataDir: '/home/u/.local/state/transship' });
  expect(files).toEqual(['conf/0.yaml']);
  expect(warnings).toEqual([]);
});

test('gives a rule its defaults, and units their names', () => {
  const yaml = [
    'version: 1',
    'registries: { H.io: { limits: { bandwidth: 1MiB }, aliases: [G.io] } }',
    'mirrors:',
    '  - { name: a, from: q.io/a, to: [h.io/a], bandwidth: 2kB/s }',
    '  - { name: b, from: q.io/b, to: [h.io/b], schedule: off, tags: [{ latest: 1 }, {}] }',
    '  - { name: c, from: q.io/c, to: [h.io/c], schedule: { cron: "0 4 * * *" } }',
  ].join('\n');
  const { config } = read(yaml);
  expect(config.registries).toMatchObject([
    { host: 'h.io', aliases: ['g.io'], plainHttp: false, limits: { bandwidthBytesPerSecond: 1_048_576 } },
  ]);
  const [a, b, c] = config.rules;
  expect(a).toMatchObject({
    name: 'a',
    tags: [{}],
    referrers: true,
    onConflict: 'overwrite',
    onPush: true,
    schedule: { everyMs: 21_600_000 },
    prune: 'off',
    priority: 0,
    bandwidthBytesPerSecond: 2000,
  });
  expect(b).not.toHaveProperty('schedule');
  expect(b?.tags).toEqual([{ latest: 1 }, {}]);
  expect(c?.schedule).toEqual({ cron: '0 4 * * *', timeZone: 'UTC' });
});

describe('variables', () => {
  test('stand in texts and keys, with a default and an escape', () => {
    const yaml = [
      'version: 1',
      'instance: "${NAME}-${STAGE:-test}"',
      'registries:',
      '  "${HOST}": { credential: { username: "$${x}$y", password: { env: A } } }',
    ].join('\n');
    const { config } = read(yaml, { NAME: 'main', STAGE: '', HOST: 'h.io' });
    expect(config.instance).toBe('main-test');
    expect(config.registries).toMatchObject([{ host: 'h.io', credential: { username: '${x}$y' } }]);
  });

  test('are numbers and truth values where these are wanted, if not in quotes', () => {
    const env = { N: '3', YES: 'true' };
    const rule = (latest: string) =>
      `version: 1\nmirrors: [{ name: a, from: q.io/a, to: [h.io/a], onPush: "${latest}", tags: {} }]`;
    const yaml = [
      'version: 1',
      'registries:',
      '  h.io:',
      '    plainHttp: ${YES}',
      '    limits:',
      '      concurrency: ${N}',
      'mirrors:',
      '  - name: a',
      '    from: q.io/a',
      '    to: [h.io/a]',
      '    tags:',
      '      latest: ${N}',
    ].join('\n');
    expect(read(yaml, env).config).toMatchObject({
      registries: [{ plainHttp: true, limits: { concurrency: 3 } }],
      rules: [{ tags: [{ latest: 3 }] }],
    });
    expect(problems(rule('${YES}'), env)).toEqual(['2:58 expected true or false, found the text "${YES}"']);
  });

  test('that are not set are told once, whatever their text would be good for', () => {
    expect(problems('version: 1\ninstance: ${A} ${B}\n')).toEqual([
      '2:11 the environment variable A is not set',
      '2:11 the environment variable B is not set',
    ]);
  });
});

describe('several files', () => {
  const base = [
    'version: 1',
    'registries:',
    '  h.io: { kind: harbor, limits: { concurrency: 1 } }',
    'mirrors:',
    '  - { name: a, from: q.io/a, to: [h.io/a], priority: 1 }',
    '  - { name: b, from: q.io/b, to: [h.io/b] }',
    'api: { listen: 127.0.0.1:1, rateLimit: 5 }',
    'instance: one',
  ].join('\n');

  test('are one: what stands later wins, key by key within an entry', () => {
    const site = [
      'version: 1',
      'registries:',
      '  h.io: { limits: { requestsPerSecond: 2 } }',
      '  g.io: {}',
      'mirrors:',
      '  - { name: c, from: q.io/c, to: [h.io/c] }',
      '  - { name: a, onPush: false, to: [h.io/other] }',
      'api: { listen: 127.0.0.1:2 }',
      'instance: two',
    ].join('\n');
    const { effective, files } = read([base, site]);
    expect(files).toEqual(['conf/0.yaml', 'conf/1.yaml']);
    expect(effective).toMatchObject({
      registries: { 'h.io': { kind: 'harbor', limits: { requestsPerSecond: 2 } }, 'g.io': {} },
      mirrors: [
        { name: 'a', from: 'q.io/a', to: ['h.io/other'], priority: 1, onPush: false },
        { name: 'b' },
        { name: 'c' },
      ],
      api: { listen: '127.0.0.1:2', rateLimit: 5 },
      instance: 'two',
    });
    expect(effective.registries['h.io']?.limits).toEqual({ requestsPerSecond: 2 });
  });

  test('have their mistakes told in the file where they stand', () => {
    const error = failureOf(() => read([base, 'version: 1\nmirrors:\n  - { name: a, prune: aply }\n']));
    expect(error?.message).toMatch(/^conf\/1\.yaml:3:23: mirrors\[0\]\.prune: /);
    const broken = failureOf(() => read(['version: 1\ninstanc: a\n', 'version: [\n']));
    expect(broken && problemsOf(broken).map(({ file }) => file)).toEqual(['conf/1.yaml']);
  });

  test('with two rules of one name in one file are a mistake as ever', () => {
    const twice =
      'version: 1\nmirrors: [{ name: z, from: q.io/x, to: [h.io/x] }, { name: z, from: q.io/y, to: [h.io/y] }]';
    expect(failureOf(() => read([base, twice]))?.message).toContain('a second rule has the name "z"');
  });
});

test('files are relative to the one that names them, and the names that users invent are no files', () => {
  const yaml = [
    'version: 1',
    'dataDir: ~/state',
    'masterKey: { file: key }',
    'registries:',
    '  h.io:',
    '    ca: { file: ../ca.pem }',
    '    createRepository: { tags: { file: x } }',
    '    credential: { docker: { file: /etc/docker.json } }',
  ].join('\n');
  expect(read(yaml).config).toMatchObject({
    dataDir: '/home/u/state',
    masterKey: { file: '/work/conf/key' },
    registries: [
      {
        ca: { file: '/work/ca.pem' },
        createRepository: { tags: { file: 'x' } },
        credential: { docker: { file: '/etc/docker.json' } },
      },
    ],
  });
  expect(read('version: 1\n', { XDG_STATE_HOME: '/s' }).config.dataDir).toBe('/s/transship');
});

test('anchors, aliases and merge keys do what they do in YAML', () => {
  const yaml = [
    'version: 1',
    'mirrors:',
    '  - &a { name: a, from: q.io/a, to: [h.io/a], prune: plan }',
    '  - { <<: *a, name: b, to: [h.io/b] }',
  ].join('\n');
  expect(read(yaml).config.rules).toMatchObject([
    { name: 'a' },
    { name: 'b', prune: 'plan', from: { text: 'q.io/a' } },
  ]);
});

test('warns where two sources may have one target', () => {
  const yaml = [
    'version: 1',
    'mirrors:',
    '  - { name: a, from: gcr.io/x/y, to: ["h.io/m/{name}"] }',
    '  - { name: b, from: q.io/z/*, to: ["h.io/m/{name}"] }',
    '  - { name: c, from: z.io/**, to: ["g.io/m/{name}"] }',
  ].join('\n');
  expect(read(yaml).warnings).toMatchObject([
    { line: 5, message: 'several sources of z.io/** can have the one target g.io/m/*' },
    { line: 4, message: 'q.io/z/* and gcr.io/x/y of rule a (conf/0.yaml:3) may have one target: h.io/m/*' },
  ]);
});

test('a receiver may speak of a registry that only a rule names', () => {
  const yaml = [
    'version: 1',
    'mirrors: [{ name: a, from: ghcr.io/acme/app, to: [h.io/a] }]',
    'receivers: [{ id: r, kind: github, registry: ghcr.io, auth: { mode: hmac, secrets: [{ env: A }] } }]',
  ].join('\n');
  expect(read(yaml).config.receivers).toMatchObject([{ id: 'r', registry: 'ghcr.io', untagged: 'ignore' }]);
});

test.each([['tls: { certificate: { file: c }, key: { file: k } }'], ['trustProxy: true']])(
  'a public address is fine with %s',
  (rest) => {
    expect(problems(`version: 1\napi: { listen: "0.0.0.0:80", ${rest} }`)).toEqual([]);
  },
);
