// Verdicts about pull Secrets that somebody made: each mistake is told by its own sentence, and no credential gets into any.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkDockerConfig, checkPullSecret } from '../../../shared/credentials/check-docker-config.ts';
import { buildDockerConfig } from '../../../shared/credentials/docker-config.ts';
import type { SecretFinding } from '../../../shared/credentials/secret-finding.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const TYPE = 'kubernetes.io/dockerconfigjson';
const CFG_TYPE = 'kubernetes.io/dockercfg';
const PASSWORD = `checked-${randomUUID()}`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const auth = (password = PASSWORD, user = 'user'): { auth: string } => ({ auth: base64(`${user}:${password}`) });

function check(config: unknown, image?: string, type = TYPE): SecretFinding[] {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const data = { [type === TYPE ? '.dockerconfigjson' : '.dockercfg']: base64(text) };
  return checkPullSecret({ type, data }, { now: NOW, ...(image === undefined ? {} : { image }) });
}

const check1 = (auths: Record<string, unknown>, image?: string): SecretFinding[] => check({ auths }, image);
const secondsFrom = (ms: number): number => Math.floor((NOW.getTime() + ms) / 1000);
const jwt = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), PASSWORD].map((part) => Buffer.from(part).toString('base64url')).join('.');

describe('a good Secret', () => {
  test.each([
    [
      'kubectl made',
      Buffer.from(buildDockerConfig([{ host: 'r.io', username: 'user', password: PASSWORD }])).toString(),
      TYPE,
    ],
    ['docker login made on Linux', { auths: { 'r.io': auth() } }, TYPE],
    ['of the old type', { 'r.io': { ...auth(), email: 'a@b.io' } }, CFG_TYPE],
  ])('that %s gets no finding', (_, config, type) => {
    expect(check(config, 'r.io/team/app:1', type)).toEqual([]);
  });
});

describe('the Secrets of the articles', () => {
  test('with two empty entries and a credential store hold no credential', () => {
    // As in the article on images: kubernetes/website issue 14304
    const config = {
      auths: { 'https://index.docker.io/v1/': {}, 'registry.example.com': {} },
      HttpHeaders: { 'User-Agent': 'Docker-Client/18.09.2 (darwin)' },
      credsStore: 'osxkeychain',
    };
    expect(check(config, 'janedoe/awesomeapp:v1')).toEqual([
      {
        code: 'PS-4',
        severity: 'error',
        message:
          'no credential is in this Secret: there is nothing in its entries for https://index.docker.io/v1/ and registry.example.com: ' +
          'credsStore "osxkeychain" keeps them, on the machine where it was written',
        fix: 'kubectl create secret docker-registry NAME --docker-server=https://index.docker.io/v1/ --docker-username=USER --docker-password=…',
      },
    ]);
  });

  test('with words instead of a configuration are no JSON', () => {
    const [finding, ...others] = check('Really really reeeeeeeeeeaaaaaaaaaaaallllllllllly long auth keys\n');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: 'PS-3',
      severity: 'error',
      message: expect.stringContaining('line 1, column 1'),
    });
  });
});

describe('what is wrong with the whole', () => {
  const data = (key: string, value: string) => ({ [key]: value });
  const good = base64(JSON.stringify({ auths: { 'r.io': auth() } }));

  test.each<[string, type: string, Record<string, string>, code: string, message: RegExp]>([
    [
      'another type',
      'Opaque',
      data('.dockerconfigjson', good),
      'PS-2',
      /its type is Opaque: a kubelet passes over all but/,
    ],
    ['no type', '', data('.dockerconfigjson', good), 'PS-2', /its type is missing/],
    [
      'the key of the old type',
      TYPE,
      data('.dockercfg', good),
      'PS-2',
      /asks for the key \.dockerconfigjson.*it has \.dockercfg/,
    ],
    ['the key of the new type', CFG_TYPE, data('.dockerconfigjson', good), 'PS-2', /asks for the key \.dockercfg/],
    ['no key', TYPE, {}, 'PS-2', /which is not there$/],
    ['the content of the new type in the old', CFG_TYPE, data('.dockercfg', good), 'PS-2', /takes "auths" for a host/],
    [
      'the content of the old type in the new',
      TYPE,
      data('.dockerconfigjson', base64(JSON.stringify({ 'r.io': auth() }))),
      'PS-2',
      /without \{"auths": …\}/,
    ],
    ['base64 twice', TYPE, data('.dockerconfigjson', base64(good)), 'PS-3', /in base64 twice/],
    [
      'base64 twice, wrapped inside',
      TYPE,
      data('.dockerconfigjson', base64(`${good.slice(0, 20)}\n${good.slice(20)}\n`)),
      'PS-3',
      /in base64 twice/,
    ],
    ['plain JSON', TYPE, data('.dockerconfigjson', JSON.stringify({ auths: {} })), 'PS-3', /it is the JSON itself/],
    ['no base64', TYPE, data('.dockerconfigjson', '***'), 'PS-3', /is not base64$/],
    ['nothing', TYPE, data('.dockerconfigjson', ''), 'PS-3', /is empty/],
    ['a byte order mark', TYPE, data('.dockerconfigjson', base64('\uFEFF{"auths":{}}')), 'PS-3', /byte order mark/],
    ['a comma too many', TYPE, data('.dockerconfigjson', base64('{"auths":{},\n }')), 'PS-3', /line 2, column 2/],
    ['a list', TYPE, data('.dockerconfigjson', base64('[]')), 'PS-3', /not an object/],
    [
      'a list of auths',
      TYPE,
      data('.dockerconfigjson', base64('{"auths":[]}')),
      'PS-3',
      /"auths" that is not an object/,
    ],
  ])('%s', (_, type, data, code, message) => {
    expect(checkPullSecret({ type, data }, { now: NOW })).toEqual([
      { code, severity: 'error', message: expect.stringMatching(message), fix: expect.stringMatching(/./) },
    ]);
  });

  test('base64 in several lines is noted, and read', () => {
    const wrapped = good.replace(/(.{20})/g, '$1\n');
    const findings = checkPullSecret(
      { type: TYPE, data: data('.dockerconfigjson', wrapped) },
      { now: NOW, image: 'q.io/app' },
    );
    expect(findings).toMatchObject([
      { code: 'PS-3', severity: 'note', message: expect.stringContaining('several lines') },
      { code: 'PS-5', severity: 'error' },
    ]);
  });
});

describe('what is wrong with entries', () => {
  test.each<[string, unknown, code: string, severity: string, message: RegExp]>([
    ['an auth that is no base64', { auth: `${PASSWORD}%` }, 'PS-6', 'error', /"auth" that is not base64: no Pod/],
    ['an auth without a colon', { auth: base64(PASSWORD) }, 'PS-6', 'error', /without a colon/],
    ['text', PASSWORD, 'PS-6', 'error', /is not an object/],
    ['a number', { username: 'u', password: 7 }, 'PS-6', 'error', /is not text/],
    [
      'another password beside auth',
      { ...auth(), username: 'user', password: `${PASSWORD}x` },
      'PS-6',
      'warning',
      /"auth" counts/,
    ],
    ['a line end', auth(`${PASSWORD}\n`), 'PS-6', 'error', /ends with a line end/],
    ['no user', auth(PASSWORD, ''), 'PS-4', 'error', /no user: the node pulls anonymously/],
    ['nothing', {}, 'PS-4', 'error', /^no credential is in this Secret.*for r\.io$/],
    ['an identity token', { identitytoken: PASSWORD }, 'PS-4', 'error', /nodes do not use identity tokens/],
  ])('%s', (_, entry, code, severity, message) => {
    const findings = check1({ 'r.io': entry });
    expect(findings).toEqual([
      { code, severity, message: expect.stringMatching(message), fix: expect.stringMatching(/./) },
    ]);
  });

  test('none', () => {
    expect(check1({})).toMatchObject([
      { code: 'PS-4', severity: 'error', message: expect.stringContaining('no entries') },
    ]);
    expect(check({ credHelpers: { 'r.io': 'ecr-login' } })).toMatchObject([
      {
        code: 'PS-4',
        message:
          'no credential is in this Secret: it has no entries: credHelpers keep them, on the machine where it was written',
      },
    ]);
  });

  test('an empty one beside a good one is a warning, and so is a helper', () => {
    expect(check1({ 'r.io': auth(), 'q.io': {} }, 'r.io/app')).toMatchObject([
      { code: 'PS-4', severity: 'warning', message: 'there is no credential for q.io' },
    ]);
    expect(check({ auths: { 'r.io': auth() }, credHelpers: { 'q.io': 'ecr-login' } })).toMatchObject([
      { code: 'PS-4', severity: 'warning', message: expect.stringContaining('credHelpers keep them') },
    ]);
  });
});

describe('what is wrong with keys', () => {
  test.each<[key: string, message: RegExp, fix: string]>([
    ['https://index.docker.io/v1', /the slash at its end is missing/, 'https://index.docker.io/v1/'],
    ['registry-1.docker.io', /not looked up under its API host/, 'https://index.docker.io/v1/'],
    ['https://r.io/v2', /beginning of a repository/, 'write it as r.io'],
    ['HTTPS://r.io', /"HTTPS:\/\/" is read as a host/, 'write it as r.io'],
    ['r io', /it is no host/, 'HOST[:PORT]'],
    ['[::1]', /only with its port/, '[::1]:443'],
  ])('%s stands for no image', (key, message, fix) => {
    expect(check1({ [key]: auth() })).toMatchObject([
      { code: 'PS-5', severity: 'warning', message: expect.stringMatching(message), fix: expect.stringContaining(fix) },
    ]);
  });

  test.each([
    ['https://r.io', 'r.io/app', false],
    ['https://index.docker.io/v1/', 'janedoe/awesomeapp:v1', false],
    ['docker.io', 'janedoe/awesomeapp:v1', false],
    ['r.io', 'q.io/app', 'add key q.io'],
    ['r.io', 'r.io:5000/app', 'add key r.io:5000'],
    ['r.io:443', 'r.io/app', 'add key r.io'],
    ['r.io', 'alpine', 'add key https://index.docker.io/v1/'],
    ['*.r.io', 'a.b.r.io/app', 'add key a.b.r.io'],
  ])('key %s, image %s: %s', (key, image, fix) => {
    expect(check1({ [key]: auth() }, image)).toMatchObject(
      fix === false ? [] : [{ code: 'PS-5', severity: 'error', fix }],
    );
  });

  test('another port of the same host is named', () => {
    expect(check1({ 'r.io:443': auth() }, 'r.io/app')).toMatchObject([
      { message: expect.stringContaining('r.io:443 is another port') },
    ]);
  });

  test('two spellings of one host with one credential are a note, with two a warning', () => {
    expect(check1({ 'r.io': auth(), 'https://r.io/v2/': auth() })).toMatchObject([{ code: 'PS-10', severity: 'note' }]);
    expect(check1({ 'r.io': auth(), 'https://r.io': auth(`${PASSWORD}2`) })).toMatchObject([
      { code: 'PS-10', severity: 'warning', message: expect.stringContaining('left to chance') },
    ]);
  });

  test('docker.io beside the key of Docker Hub hides it', () => {
    expect(check1({ 'docker.io': auth(), 'https://index.docker.io/v1/': auth() })).toMatchObject([
      { code: 'PS-10', severity: 'warning', message: expect.stringContaining('only docker.io counts') },
    ]);
  });
});

describe('what has ended, or will', () => {
  const ecr = (ms: number): string =>
    base64(
      JSON.stringify({ payload: PASSWORD, datakey: 'k', version: '2', type: 'DATA_KEY', expiration: secondsFrom(ms) }),
    );

  test.each<[string, password: string, severity: string | undefined]>([
    ['a JWT that ended', jwt({ exp: secondsFrom(-1000) }), 'error'],
    ['a JWT that ends in 10 min', jwt({ exp: secondsFrom(600_000) }), 'warning'],
    ['a JWT that ends in an hour', jwt({ exp: secondsFrom(3_600_000) }), undefined],
    ['a JWT without an end', jwt({ sub: 'x' }), undefined],
    ['a token of ECR that ended', ecr(-1000), 'error'],
    ['a token of ECR that ends in an hour', ecr(3_600_000), undefined],
    ['what looks like one', 'eyJhbGciOiJub25l.x.y', undefined],
  ])('%s', (_, password, severity) => {
    const findings = check1({ 'r.io': auth(password) }, 'r.io/app');
    const told = findings.map(
      ({ code, severity, message }) => `${code} ${severity} ${message.replace(/ ends? .*| ended .*/, '')}`,
    );
    expect(told).toEqual(severity === undefined ? [] : [`PS-7 ${severity} the credential of r.io`]);
  });

  test.each([
    ['transship.io/expires-at', '2026-11-21T11:00:00Z'],
    ['alauda.io/expiry', '2026-11-21T11:00:00Z'],
    ['alauda.io/expiry', String(secondsFrom(-3_600_000))],
  ])('by the annotation %s: %s', (name, text) => {
    const data = { '.dockerconfigjson': base64(JSON.stringify({ auths: { 'r.io': auth() } })) };
    expect(checkPullSecret({ type: TYPE, data, annotations: { [name]: text } }, { now: NOW })).toMatchObject([
      { code: 'PS-7', severity: 'error', message: `by its annotation ${name} it ended at 2026-11-21T11:00:00Z` },
    ]);
  });
});

test('no finding shows a credential', () => {
  const configs = [
    { auths: { 'r.io': { ...auth(), username: PASSWORD, password: PASSWORD } } },
    { auths: { 'r.io': { auth: PASSWORD } } },
    { auths: { 'r.io': auth(), 'https://r.io': auth('x') } },
    `{"auths": {"r.io": {"auth": "${base64(PASSWORD)}" }`,
    PASSWORD,
  ];
  const shown = JSON.stringify(configs.flatMap((config) => check(config, 'q.io/app')));
  expect(shown).not.toContain(PASSWORD);
  expect(shown).not.toContain(base64(PASSWORD).slice(0, 12));
});

test('a file that is to become a Secret is checked alike', () => {
  expect(checkDockerConfig('{"auths":{"r.io":{}},"credsStore":"desktop"}', { now: NOW })).toMatchObject([
    { code: 'PS-4' },
  ]);
});
