// What people get wrong: for each mistake the message says what is wrong, the hint how to mend it, and scripts get the right exit code.
// Nothing here needs a registry, because nothing wrong may be found out only after something was sent.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { captureIo } from '../support/captured-io.ts';
import { CERTIFICATE_WITHOUT_ITS_MIDDLE, PRIVATE_KEY_OUTLINE } from '../support/damaged-pem.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-bad-input-'));
  await mkdir(join(folder, 'folder'));
  const files: Record<string, string> = {
    'not-json.json': '{"auths": {\n  "a": }\n}',
    'list.json': '[]',
    'auths-list.json': '{"auths": ["a"]}',
    'helpers.json': '{"credHelpers": {"example.com": 7}}',
    'store.json': '{"credsStore": true}',
    'empty.pem': '',
    'text.pem': 'hello',
    'key.pem': PRIVATE_KEY_OUTLINE,
    'damaged.pem': CERTIFICATE_WITHOUT_ITS_MIDDLE,
    'good.json': '{}',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
});

afterAll(() => rm(folder, { recursive: true }));

type Row = [commandLine: string[], message: RegExp, hint: RegExp];

const OK = 'localhost:1/app:1.0';
const SHA = `sha256:${'a'.repeat(64)}`;
const HELP = /see: transship copy --help/;

const commandLines: Row[] = [
  [['cpoy'], /unknown command 'cpoy'/, /did you mean copy\?/],
  [['coppy', OK, OK], /unknown command 'coppy'/, /did you mean copy\?/],
  [['nonsense'], /unknown command 'nonsense'/, /see: transship --help/],
  [['--nonsense'], /unknown option '--nonsense'/, /see: transship --help/],
  [['--vresion'], /unknown option '--vresion'/, /did you mean --version\?/],
  [['-x'], /unknown option '-x'/, /see: transship --help/],
  [['copy'], /missing required argument 'source'/, HELP],
  [['copy', OK], /missing required argument 'targets'/, HELP],
  [['copy', OK, OK, '--plaform', 'linux/amd64'], /unknown option '--plaform'/, /did you mean --platform\?/],
  [['copy', OK, OK, '--jsno'], /unknown option '--jsno'/, /did you mean --json\?/],
  [['copy', OK, OK, '--all-tag'], /unknown option '--all-tag'/, /did you mean --all-tags\?/],
  [['copy', OK, OK, '--platform'], /'--platform <.*>' argument missing/, HELP],
  [['copy', OK, OK, '--platform-mode'], /'--platform-mode <mode>' argument missing/, HELP],
  [['copy', OK, OK, '--on-conflict', 'skip'], /'skip' is invalid.*overwrite, refuse, backup/, HELP],
  [['copy', OK, OK, '--platform-mode', 'some'], /'some' is invalid.*keep, rewrite, sparse/, HELP],
  [
    ['copy', OK, 'localhost:1/b:1', '--platform-mode', 'sparse'],
    /--platform, which is missing/,
    /--platform linux\/amd64/,
  ],
  [['copy', OK, 'localhost:1/b:1', 'localhost:1/b:1'], /localhost:1\/b:1 is named twice/, /every target once/],
  [
    ['copy', OK, 'nginx', 'docker.io/library/nginx:latest'],
    /docker\.io\/library\/nginx:latest is named twice/,
    /every target once/,
  ],
  [['copy', '--dry-run=yes', OK, OK], /unknown option '--dry-run=yes'/, HELP],
  [['--log-level', 'loud', 'version'], /'loud' is invalid.*error, warn, info, debug/, /see: transship/],
  [['--log-level'], /'--log-level <level>' argument missing/, /see: transship/],
  [['inspect'], /missing required argument 'reference'/, /see: transship inspect --help/],
  [
    ['inspect', OK, OK],
    /too many arguments for 'inspect'. Expected 1 argument but got 2/,
    /see: transship inspect --help/,
  ],
  [['inspect', '--digests', OK], /unknown option '--digests'/, /see: transship inspect --help/],
  [['tags'], /missing required argument 'repository'/, /see: transship tags --help/],
  [['tags', 'alpine', '--digest'], /unknown option '--digest'/, /did you mean --digests\?/],
  [['completion'], /missing required argument 'shell'/, /see: transship completion --help/],
  [['completion', 'powershell'], /'powershell' is invalid.*bash, zsh, fish/, /see: transship completion --help/],
  [['version', 'now'], /too many arguments for 'version'/, /see: transship version --help/],
  [['demo', '--kep'], /unknown option '--kep'/, /did you mean --keep\?/],
];

const references: Row[] = [
  [['inspect', ''], /invalid reference "": it is empty/, /alpine:3\.20/],
  [['inspect', 'https://ghcr.io/acme/app:1.0'], /"https:\/\/" is not part of a reference/, /ghcr\.io\/acme\/app:1\.0/],
  [['inspect', 'docker://alpine'], /"docker:\/\/" is not part/, /alpine/],
  [['inspect', 'oci:/tmp/image'], /"oci:" names a place that is not a registry/, /localhost:5000\/team\/app/],
  [['inspect', 'docker-daemon:app:1'], /"docker-daemon:" names a place/, /name a registry/],
  [['inspect', 'Alpine'], /has upper-case letters/, /try alpine/],
  [['inspect', 'ghcr.io/Acme/App'], /has upper-case letters/, /try acme\/app/],
  [['inspect', 'alpine:'], /the tag after ":" is missing/, /leave ":" out/],
  [['inspect', 'alpine:-1'], /"-1" is not a valid tag/, /does not begin with/],
  [['inspect', `alpine:${'a'.repeat(129)}`], /the tag is longer than 128/, /shorten/],
  [['inspect', 'alpine@'], /the digest after "@" is missing/, /sha256:/],
  [['inspect', 'alpine@sha256:abc'], /3 characters after "sha256:" instead of 64/, /64/],
  [['inspect', `alpine@${SHA.toUpperCase().replace('SHA', 'sha')}`], /upper-case/, /lower case/],
  [['inspect', `alpine@md5:${'a'.repeat(32)}`], /algorithm "md5" is not sha256 or sha512/, /sha256/],
  [['inspect', 'a'.repeat(64)], /bare digest without a repository/, /repository@sha256:/],
  [['inspect', 'alpine 3'], /white space \(U\+0020\)/, /remove the white space/],
  [['inspect', 'alpine\n'], /white space \(U\+000A\)/, /remove the white space/],
  [['inspect', 'alpiné'], /U\+00E9/, /plain ASCII/],
  [['inspect', 'localhost:99999/app'], /port "99999"/, /:5000/],
  [['inspect', 'localhost:http/app'], /port "http"/, /:5000/],
  [['inspect', 'ghcr.io//app'], /a "\/" too many/, /extra "\/"/],
  [['inspect', 'ghcr.io/'], /the repository is missing/, /lower-case/],
  [['inspect', 'ghcr.io/../app'], /"\.\." in the repository/, /lower-case/],
  [['inspect', 'user:secret@ghcr.io/app'], /user name before "@"/, /docker login/],
  [['inspect', `ghcr.io/${'a'.repeat(256)}`], /longer than 255/, /shorten/],
  [['inspect', 'a'.repeat(2000)], /longer than 1024/, /shorten/],
  [['copy', 'Alpine', OK], /invalid reference "Alpine"/, /try alpine/],
  [['copy', 'alpine', 'localhost:1/App'], /invalid reference "localhost:1\/App"/, /try app/],
  [['tags', 'alpine:3.20'], /a repository has no tag/, /leave out ":3\.20"/],
  [['tags', `alpine@${SHA}`], /a repository has no digest/, /leave out/],
  [['tags', 'localhost:5000'], /a repository has no tag/, /if it is a port/],
  [['copy', '--all-tags', 'alpine:3', 'localhost:1/alpine'], /a repository has no tag/, /leave out ":3"/],
  [['copy', '--all-tags', 'alpine', 'localhost:1/alpine:3'], /a repository has no tag/, /leave out ":3"/],
];

const platforms: Row[] = (
  [
    ['linux', /the architecture is missing/],
    ['', /the architecture is missing/],
    ['linux/amd64,', /the architecture is missing/],
    ['linux/', /a part is empty/],
    ['linux/arm/v7/x', /too many parts/],
    ['linux/am d64', /not a valid name/],
    ['windows/amd64:ten', /not a version/],
    ['local', /depends on the machine/],
  ] satisfies [string, RegExp][]
).map(([platform, message]) => [['copy', OK, 'localhost:1/b:1', '--platform', platform], message, /linux\/amd64/]);

const hosts: Row[] = (
  [
    ['http://localhost:5000', /is a URL, not a host/],
    ['localhost:5000/app', /is not a host/],
    ['user@localhost', /is not a host/],
    ['', /is not a host/],
    ['registry', /is not a host that a reference can name/],
    ['localhost:x', /port "x"/],
  ] satisfies [string, RegExp][]
).map(([host, message]) => [['inspect', OK, '--plain-http', host], message, /host|port/]);

const files: Row[] = [
  [['inspect', OK, '--ca-file', '{folder}/none.pem'], /--ca-file .*none\.pem: no such file/, /PEM/],
  [['inspect', OK, '--ca-file', '{folder}/folder'], /it is a folder/, /PEM/],
  [['inspect', OK, '--ca-file', '{folder}/empty.pem'], /there is no certificate in it/, /openssl x509/],
  [['inspect', OK, '--ca-file', '{folder}/text.pem'], /there is no certificate in it/, /openssl x509/],
  [['inspect', OK, '--ca-file', '{folder}/key.pem'], /a private key instead of certificates/, /the authority/],
  [['inspect', OK, '--ca-file', '{folder}/damaged.pem'], /certificate 1 is damaged/, /export it again/],
  [
    ['inspect', OK, '--authfile', '{folder}/none.json'],
    /none\.json: does not exist, but --authfile names it/,
    /correct --authfile/,
  ],
  [['inspect', OK, '--authfile', '{folder}/folder'], /is a folder/, /JSON file/],
  [['inspect', OK, '--authfile', '{folder}/not-json.json'], /is not valid JSON \(line 2, column 8\)/, /mend it there/],
  [['inspect', OK, '--authfile', '{folder}/list.json'], /is not a JSON object/, /auths/],
  [['inspect', OK, '--authfile', '{folder}/auths-list.json'], /auths: must be an object/, /registry\.example\.com/],
  [
    ['inspect', OK, '--authfile', '{folder}/helpers.json'],
    /credHelpers\["example\.com"\]: must be a string/,
    /ecr-login/,
  ],
  [['tags', 'localhost:1/app', '--authfile', '{folder}/store.json'], /credsStore: must be a string/, /helper program/],
  [['copy', OK, 'localhost:1/b:1', '--authfile', '{folder}/none.json'], /does not exist/, /correct --authfile/],
];

describe.each<[string, Row[]]>([
  ['command lines', commandLines],
  ['references', references],
  ['platforms', platforms],
  ['hosts', hosts],
  ['files', files],
])('wrong %s', (_title, rows) => {
  test.each(rows.map(([words, ...expected]) => [words.join(' ').slice(0, 100), words, ...expected] as const))(
    '%j is refused with a message, a hint and exit code 2',
    async (_name, words, message, hint) => {
      const io = captureIo();
      const exitCode = await main(
        words.map((word) => word.replace('{folder}', folder)),
        io,
      );
      const [first = '', second = '', ...rest] = io.stderr.text().split('\n');
      expect(first).toMatch(/^transship: /);
      expect(first).toMatch(message);
      expect(second).toMatch(/^hint: /);
      expect(second).toMatch(hint);
      expect(rest).toEqual(['']);
      expect(io.stdout.text()).toBe('');
      expect(exitCode).toBe(2);
    },
  );
});

test.each([
  ['inspect', 'registry.example/app:1.0'],
  ['tags', 'registry.example/app'],
  ['copy', 'registry.example/app:1.0', 'localhost:1/b:1'],
])('a proxy that cannot be one: %s is refused without showing its password', async (...words) => {
  const io = captureIo({ env: { HTTPS_PROXY: 'http://user:pa55word@:bad' } });
  expect(await main([...words, '--log-level', 'debug'], io)).toBe(2);
  expect(io.stderr.text()).toMatch(/^transship: .*HTTPS_PROXY.*\nhint: .*http:\/\/host:port/);
  expect(io.stderr.text() + io.stdout.text()).not.toContain('pa55word');
});

describe('for machines', () => {
  test.each<[string, string[], string]>([
    ['--json before a wrong command', ['--json', 'cpoy'], 'invalid-usage'],
    ['--json after the mistake', ['copy', 'a', '--nonsense', '--json'], 'invalid-usage'],
    ['--json and a wrong reference', ['inspect', 'A', '--json'], 'invalid-reference'],
    ['--json with --raw', ['inspect', '--raw', '--json', OK], 'invalid-usage'],
    ['--json and a wrong platform', ['copy', 'a', 'b', '--platform', 'x', '--json'], 'invalid-platform'],
  ])('%s gives the problem as the last line', async (_name, words, code) => {
    const io = captureIo();
    expect(await main(words, io)).toBe(2);
    const lines = io.stdout.text().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      type: 'error',
      code,
      message: expect.any(String),
      hint: expect.any(String),
    });
  });

  test('what stands after -- is not an option', async () => {
    const io = captureIo();
    expect(await main(['inspect', '--', '--json'], io)).toBe(2);
    expect(io.stdout.text()).toBe('');
  });
});

test('a mistake shows its stack only with --log-level debug', async () => {
  const io = captureIo();
  expect(await main(['inspect', 'A', '--log-level', 'debug'], io)).toBe(2);
  expect(io.stderr.text()).toMatch(/\n {4}at /);
});

test('no command at all shows the help on stderr, with exit code 2', async () => {
  const io = captureIo();
  expect(await main([], io)).toBe(2);
  expect(io.stderr.text()).toMatch(/^Usage: transship <command>/);
});
