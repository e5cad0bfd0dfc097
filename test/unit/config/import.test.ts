// Configurations made of those of other tools: they mean the same, and what is left behind is told.
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { importRegsync } from '../../../shared/config/import/regsync.ts';
import { importSkopeo } from '../../../shared/config/import/skopeo.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { selectTags } from '../../../shared/mirror/selection.ts';
import { failureOf } from '../../support/failure.ts';

const ENV = { HUB_USER: 'me' };

/** Reads what was made, as a user would who saved it. */
function load(config: unknown) {
  const text = stringify(config);
  return readConfig([{ file: 'transship.yaml', text }], { env: ENV, homeDir: '/', cwd: '/' }).config;
}

const REGSYNC = `
version: 1
x-tags: &tags { allow: [latest, '3\\.\\d+'] }
creds:
  - { registry: 'localhost:5000', tls: disabled, reqPerSec: 5 }
  - registry: docker.io
    user: '{{env "HUB_USER"}}'
    pass: '{{file "/run/hub"}}'
  - { registry: quay.io, user: bob, pass: hunter2, tls: insecure }
  - { registry: gcr.io, credHelper: docker-credential-gcr }
defaults: { parallel: 2, interval: 60m, digestTags: true, backup: 'old-{{.Ref.Tag}}' }
sync:
  - { source: 'busybox:1.36', target: 'localhost:5000/busybox:1.36', type: image }
  - { source: 'busybox:1.37', target: 'localhost:5000/busybox:stable', type: image }
  - source: alpine
    target: localhost:5000/alpine
    type: repository
    tags: { <<: *tags, deny: ['3\\.0'] }
    platforms: [linux/amd64]
  - source: quay.io/acme/app
    target: localhost:5000/acme/app
    type: repository
    digestTags: false
    schedule: '15 3 * * *'
    tagSets: [{ semverRange: ['^1.2', '>=4.0.0'] }, { allow: [edge] }]
  - { source: gcr.io, target: localhost:5000/gcr, type: registry, repos: { allow: [a] }, hooks: {} }
  - { source: 'a@sha256:${'0'.repeat(64)}', target: localhost:5000/a, type: image }
  - { source: b }
`;

describe('of regsync', () => {
  const { config, warnings } = importRegsync({ file: 'regsync.yml', text: REGSYNC });

  test('rules and registries are carried over', () => {
    const { registries, rules } = load(config);
    expect(registries).toMatchObject([
      { host: 'localhost:5000', plainHttp: true, limits: { requestsPerSecond: 5 } },
      { host: 'docker.io', credential: { username: 'me', password: { file: '/run/hub' } } },
      { host: 'quay.io', credential: { username: 'bob', password: { env: 'QUAY_IO_PASSWORD' } } },
      { host: 'gcr.io', credential: { helper: 'gcr' } },
    ]);
    expect(rules).toMatchObject([
      {
        name: 'busybox',
        tags: [{ allow: ['1.36'] }],
        referrers: true,
        onConflict: 'backup',
        schedule: { everyMs: 3_600_000 },
      },
      { name: 'busybox-2', tags: [{ allow: ['1.37'] }], to: [{ path: 'busybox', tag: 'stable' }] },
      { name: 'alpine', platforms: { include: ['linux/amd64'], mode: 'sparse' } },
      { name: 'acme-app', referrers: false, schedule: { cron: '15 3 * * *', timeZone: 'UTC' } },
      { name: 'gcr.io', from: { wildcards: ['**'] }, to: [{ registry: 'localhost:5000', path: 'gcr/{repository}' }] },
    ]);
  });

  test('tags are selected as regsync does: whole tags, pre-releases like other versions', () => {
    const tags = ['latest', 'latest-1', '3.0', '3.1', '3.10', '33.1', '3.1-rc1'];
    const [, , alpine, app] = load(config).rules;
    expect(selectTags(tags, alpine?.tags)).toEqual(['latest', '3.1', '3.10']);
    const versions = ['edge', '1.1', '1.2', '1.9.0-rc1', '2.0.0-rc1', '2.0.0', '4.0.0-rc1', '4.0.0'];
    expect(selectTags(versions, app?.tags)).toEqual(['edge', '1.2', '1.9.0-rc1', '2.0.0-rc1', '4.0.0']);
  });

  test('what is left behind is told, and no secret', () => {
    expect(warnings.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '11 parallel is left out',
      '9 certificates are always checked',
      '9 the password is not carried over',
      '26 hooks is left out',
      '26 repos is left out: the rule takes all repositories',
      '27 the entry is left out: an image by digest',
      '28 the entry is left out: it has no source or no target',
    ]);
    expect(JSON.stringify({ config, warnings })).not.toContain('hunter2');
  });

  test('one platform of an index, other templates and damaged YAML are told', () => {
    const text = `sync: [{ source: 'a:1', target: '{{ .Sync.Source }}', type: image, platform: linux/amd64 }]`;
    const told = importRegsync({ file: 'r.yml', text }).warnings.map(({ message }) => message);
    expect(told).toContain('the template is not carried over');
    expect(failureOf(() => importRegsync({ file: 'r.yml', text: 'sync: [' }))).toMatchObject({
      code: 'invalid-config',
    });
    expect(failureOf(() => importRegsync({ file: 'r.yml', text: '- a' }))?.message).toContain('r.yml:1:1');
  });
});

const SKOPEO = `
registry.example.com:
  images:
    busybox: []
    redis: ['1.0', 2.0, 'sha256:${'0'.repeat(64)}']
  images-by-tag-regex: { nginx: '^1\\.13\\.[12]-alpine' }
  images-by-semver: { alpine: ['3.12 - 3.13', '>= 3.17'], redis: '>=6' }
  credentials: { username: john, password: hunter2 }
  cert-dir: /certs
quay.io:
  tls-verify: false
  images: { coreos/etcd: [latest] }
`;

describe('of skopeo sync', () => {
  const target = { destination: 'docker://my.io/mirror/', isScoped: false };
  const { config, warnings } = importSkopeo({ file: 'sync.yml', text: SKOPEO }, target);

  test('images and registries are carried over', () => {
    const { registries, rules } = load(config);
    expect(registries).toMatchObject([
      {
        host: 'registry.example.com',
        credential: { username: 'john', password: { env: 'REGISTRY_EXAMPLE_COM_PASSWORD' } },
      },
      { host: 'quay.io', plainHttp: true },
    ]);
    expect(rules.map(({ name, from, to }) => [name, from.text, to[0]?.text])).toEqual([
      ['busybox', 'registry.example.com/busybox', 'my.io/mirror/{name}'],
      ['redis', 'registry.example.com/redis', 'my.io/mirror/{name}'],
      ['nginx', 'registry.example.com/nginx', 'my.io/mirror/{name}'],
      ['alpine', 'registry.example.com/alpine', 'my.io/mirror/{name}'],
      ['coreos-etcd', 'quay.io/coreos/etcd', 'my.io/mirror/{name}'],
    ]);
    const choose = (index: number, tags: string[]) => selectTags(tags, rules[index]?.tags);
    expect(choose(0, ['a', 'b'])).toEqual(['a', 'b']);
    expect(choose(1, ['1.0', '2.0', '5.0', '6.2'])).toEqual(['1.0', '2.0', '6.2']);
    expect(choose(2, ['1.13.1-alpine-perl', '1.13.3-alpine', 'x1.13.1-alpine'])).toEqual(['1.13.1-alpine-perl']);
    expect(choose(3, ['3.11', '3.13', '3.16', '3.18', '3.18-rc1'])).toEqual(['3.13', '3.18']);
  });

  test('with --scoped the whole source stands in the target', () => {
    const scoped = importSkopeo({ file: 'sync.yml', text: SKOPEO }, { ...target, isScoped: true });
    expect(scoped.config.mirrors?.[0]?.to).toEqual(['my.io/mirror/{registry}/{repository}']);
  });

  test('what is left behind is told, and no secret', () => {
    expect(warnings.map(({ message }) => message)).toEqual([
      'cert-dir is left out',
      'the password is not carried over',
      'images by digest are left out',
      'it becomes plain HTTP: certificates are always checked',
      expect.stringContaining('all platforms are copied'),
    ]);
    expect(JSON.stringify({ config, warnings })).not.toContain('hunter2');
  });
});
