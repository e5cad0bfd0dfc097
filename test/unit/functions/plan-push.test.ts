// Which jobs a push asks for.
import { describe, expect, it } from 'vitest';
import { planPush } from '../../../functions/registry-push/plan-push.ts';
import type { PushEvent } from '../../../shared/events/push-event.ts';
import { configOf } from '../../support/config-of.ts';
import { pushEvent } from '../../support/push-event.ts';

const DIGEST = 'ab'.repeat(32);

function planned(rules: string, event: Partial<PushEvent> = {}, registries = '') {
  const { jobs, errors } = planPush(pushEvent(event), configOf(`${registries}\nmirrors:\n${rules}`));
  expect(errors).toEqual([]);
  return jobs.map(({ job }) => job);
}

const rule = (more = '', from = 'docker.io/team/app', to = "['r.example/mirror/{repository}']") =>
  `  - { name: app, from: ${from}, to: ${to}${more} }`;

describe('a push', () => {
  it('asks for a copy of its tag to all targets of the rule, as the rule says', () => {
    const [job] = planned(
      rule(
        ', priority: 7, referrers: false, onConflict: refuse, bandwidth: 1MiB, platforms: { include: [linux/amd64] }',
        'docker.io/team/app',
        "['r.example/mirror/{repository}', 's.example/{name}:{tag}-copy']",
      ),
    );
    expect(job).toEqual({
      kind: 'mirror',
      priority: 7,
      targets: ['r.example/mirror/team/app:1.0', 's.example/app:1.0-copy'],
      coalesce: expect.any(String) as string,
      hosts: ['docker.io', 'r.example', 's.example'],
      payload: {
        source: 'docker.io/team/app:1.0',
        targets: ['r.example/mirror/team/app:1.0', 's.example/app:1.0-copy'],
        rule: 'app',
        trigger: 'push',
        platforms: { include: ['linux/amd64'], mode: 'keep' },
        referrers: false,
        onConflict: 'refuse',
        bandwidthBytesPerSecond: 1024 * 1024,
      },
    });
  });

  it('asks for one job by each rule that takes it', () => {
    const rules = [
      '  - { name: one, from: docker.io/team/app, to: ["r.example/one/{name}"] }',
      '  - { name: two, from: docker.io/team/*, to: ["r.example/two/{name}"] }',
      '  - { name: no-push, from: docker.io/team/app, to: ["r.example/three/{name}"], onPush: false }',
      '  - { name: elsewhere, from: quay.io/team/app, to: ["r.example/four/{name}"] }',
      '  - { name: other, from: docker.io/team/other, to: ["r.example/five/{name}"] }',
    ];
    expect(planned(rules.join('\n')).map(({ targets }) => targets)).toEqual([
      ['r.example/one/app:1.0'],
      ['r.example/two/app:1.0'],
    ]);
  });

  it('is of a registry under all its names', () => {
    const registries = 'registries: { harbor.acme.io: { aliases: ["harbor.internal:8443"] } }';
    const event = { registry: 'harbor.acme.io' };
    for (const name of ['harbor.acme.io', 'harbor.internal:8443']) {
      expect(planned(rule('', `${name}/team/app`), event, registries)).toMatchObject([
        { payload: { source: `${name}/team/app:1.0` } },
      ]);
    }
  });

  it.each([
    ['{ allow: ["1.*"] }', 1],
    ['{ allow: ["2.*"] }', 0],
    ['{ deny: ["1.*"] }', 0],
    ['{ deny: ["1.*"], always: ["1.0"] }', 1],
    ['{ semver: ">=1 <2" }', 1],
    ['{ semver: ">=2" }', 0],
    ['[{ semver: ">=2" }, { allow: ["1.0"] }]', 1],
  ])('asks for a job where the rule takes the tag: %s', (tags, jobs) => {
    expect(planned(rule(`, tags: ${tags}`))).toHaveLength(jobs);
  });

  it.each([
    ['{ latest: 3 }', 'sweep'],
    ['{ latest: 3, semver: ">=1" }', 'sweep'],
    ['{ latest: 3, by: pushed }', 'sweep'],
    ['{ latest: 3, always: ["1.0"] }', 'mirror'],
    ['[{ latest: 3 }, { allow: ["1.0"] }]', 'mirror'],
  ])('asks for a sweep of the repository where the tag alone does not tell: %s', (tags, kind) => {
    const [job] = planned(rule(`, tags: ${tags}, priority: 3`));
    expect(job?.kind).toBe(kind);
    const target = kind === 'sweep' ? 'rule:app/team/app' : 'r.example/mirror/team/app:1.0';
    expect(job).toMatchObject({ targets: [target], payload: { rule: 'app', trigger: 'push' }, priority: 3 });
  });

  it.each(['{ latest: 3, semver: ">=2" }', '{ latest: 3, deny: ["1.*"] }'])(
    'asks for nothing where the tag is not even a candidate: %s',
    (tags) => {
      expect(planned(rule(`, tags: ${tags}`))).toEqual([]);
    },
  );

  it('without a tag asks for a sweep of the repository', () => {
    expect(planned(rule(), { tag: null })).toMatchObject([{ kind: 'sweep', targets: ['rule:app/team/app'] }]);
  });

  it.each([`sha256-${DIGEST}.sig`, `sha256-${DIGEST}.att`, `sha256-${DIGEST}.sbom`, `sha256-${DIGEST}`])(
    'of what belongs to an image asks for a look at that one, unless signatures stay behind: %s',
    (tag) => {
      expect(planned(rule(), { tag })).toMatchObject([
        {
          kind: 'sweep',
          targets: [`rule:app/team/app@sha256:${DIGEST}`],
          payload: { repository: 'team/app', digest: `sha256:${DIGEST}` },
        },
      ]);
      expect(planned(rule(', referrers: false'), { tag })).toEqual([]);
    },
  );

  it('of a list of referrers whose tag has no room for the digest asks for a sweep of the repository', () => {
    const [job] = planned(rule(), { tag: `sha512-${DIGEST}` });
    expect(job).toMatchObject({ kind: 'sweep', targets: ['rule:app/team/app'] });
  });

  it('to a target asks for nothing, and back to the source for nothing', () => {
    const there = { registry: 'r.example', repository: 'mirror/team/app' };
    expect(planned(rule(), there)).toEqual([]);
    const both = [
      '  - { name: there, from: a.example/team/app, to: [b.example/team/app] }',
      '  - { name: back, from: b.example/team/app, to: [a.example/team/app] }',
    ].join('\n');
    expect(planned(both, { registry: 'b.example' }).map(({ targets }) => targets)).toEqual([
      ['a.example/team/app:1.0'],
    ]);
  });

  it('is never copied onto itself, under no name of the registry', () => {
    const registries = 'registries: { r.example: { aliases: [alias.example] } }';
    const onto = rule('', 'r.example/team/app', "['r.example/team/app:1.0', 's.example/{name}']");
    const event = { registry: 'r.example' };
    expect(planned(onto, event)).toMatchObject([{ targets: ['s.example/app:1.0'] }]);
    const alias = rule('', 'r.example/team/app', "['alias.example/team/app:1.0']");
    expect(planned(alias, event, registries)).toEqual([]);
  });

  it('that is not relevant, or names no repository, asks for nothing', () => {
    expect(planned(rule(), { relevant: false, reason: 'own-actor' })).toEqual([]);
    expect(planned(rule(), { repository: null })).toEqual([]);
  });

  it('asks the other rules, too, when the target of one cannot hold the tag', () => {
    const tag = 'a'.repeat(128);
    const rules = [
      `  - { name: long, from: docker.io/team/app, to: ['r.example/x:{tag}-copy'] }`,
      '  - { name: good, from: docker.io/team/app, to: ["r.example/y/{name}"] }',
    ];
    const { jobs, errors } = planPush(pushEvent({ tag }), configOf(`mirrors:\n${rules.join('\n')}`));
    expect(jobs.map(({ rule: name }) => name)).toEqual(['good']);
    expect(errors).toMatchObject([{ code: 'invalid-config' }]);
  });
});
