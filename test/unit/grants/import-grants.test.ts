// Grants made of findings: their names, what is left out, and that what is printed is a configuration that says the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantsYaml } from '../../../infra/cli/output/imported-grants.ts';
import { readConfig } from '../../../shared/config/load.ts';
import type { AuditFinding } from '../../../shared/grants/audit-finding.ts';
import { importGrants } from '../../../shared/grants/import-grants.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';

const REGISTRY = 'internal-docker-registry.cpaas-system.svc';
const NOW = new Date('2026-11-21T00:00:00Z');
const CLUSTERS = 'clusters: [{ name: prod, kubeconfig: {} }, { name: test, kubeconfig: {} }]\n';

function finding(own: Partial<AuditFinding> = {}): AuditFinding {
  return {
    target: { backend: 'kubernetes', host: 'prod', place: 'shared-ns' },
    object: 'RoleBinding cross-ns-pull',
    who: ['ServiceAccount my-ns/default'],
    what: 'shared-ns',
    class: 'adoptable',
    flags: [],
    asGrant: {
      grantees: [{ kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' }],
      what: [{ registry: REGISTRY, what: { kind: 'namespace', name: 'shared-ns' }, actions: ['pull'] }],
    },
    ...own,
  };
}

const options = { adopt: false, declared: [], now: NOW };

function parsed(yaml: string, env: NodeJS.ProcessEnv = {}) {
  const files = [
    { file: 'a.yaml', text: `version: 1\n${CLUSTERS}` },
    { file: 'b.yaml', text: yaml },
  ];
  return readConfig(files, { env, homeDir: '/', cwd: '/' }).config.grants;
}

describe('imported grants', () => {
  it('observe, or take over where that is asked for', () => {
    expect(importGrants([finding()], options).imported).toMatchObject([
      { grant: { id: 'cross-ns-pull', mode: 'observe', adopt: false } },
    ]);
    expect(importGrants([finding()], { ...options, adopt: true }).imported).toMatchObject([
      { grant: { id: 'cross-ns-pull', mode: 'enforce', adopt: true } },
    ]);
  });

  it('are not made of what no grant can say, what has ended, and what is of other registries', () => {
    const { asGrant: _, ...without } = finding();
    const findings = [
      without,
      finding({ class: 'foreign' }),
      finding({ class: 'over-broad' }),
      finding({ class: 'ours' }),
      finding({ until: '2026-11-20T23:59:59Z' }),
    ];
    expect(importGrants(findings, options)).toEqual({ imported: [], known: [] });
    expect(importGrants([finding()], { ...options, registries: ['other.example.com'] }).imported).toEqual([]);
  });

  it('keep the end that the back end gives', () => {
    const [one] = importGrants([finding({ until: '2027-01-31T00:00:00Z' })], options).imported;
    expect(one?.grant.expiresAt).toEqual(new Date('2027-01-31T00:00:00Z'));
  });

  it('are not made again where a grant says the same', () => {
    const { grantees = [], what = [] } = finding().asGrant ?? {};
    const declared = [pullGrant({ id: 'base', grantees, what })];
    const found = importGrants([finding()], { ...options, declared });
    expect(found).toMatchObject({ imported: [], known: [{ grant: 'base' }] });
    expect(grantsYaml(found)).toContain('# RoleBinding cross-ns-pull: grant base says the same');
    const other = pullGrant({ id: 'cross-ns-pull', grantees, what: [] });
    expect(importGrants([finding()], { ...options, declared: [other] }).imported).toMatchObject([
      { grant: { id: 'cross-ns-pull-shared-ns' } },
    ]);
  });

  it('are a configuration that says the same, whatever the objects are called', () => {
    const names = fc.array(
      fc.record({ object: fc.string({ unit: 'grapheme', maxLength: 80 }), place: fc.string({ maxLength: 80 }) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(names, fc.boolean(), (all, adopt) => {
        const findings = all.map(({ object, place }) =>
          finding({ object: `RoleBinding ${object}`, target: { backend: 'kubernetes', host: 'prod', place } }),
        );
        const found = importGrants(findings, { ...options, adopt });
        const read = parsed(grantsYaml(found));
        const said = read.map(({ requestedBy: _, ...grant }) => grant);
        expect(said).toEqual(found.imported.map(({ grant }) => grant));
        expect(new Set(read.map(({ id }) => id)).size).toBe(all.length);
      }),
      { numRuns: 300, examples: [[[{ object: '${HOME}', place: '$${aws:username} ${' }], false]] },
    );
  });

  it.each([
    '${CANARY}',
    '$${CANARY}',
    '$$${CANARY:-x}',
    '${',
    'del\u007f',
    'csi\u009b31m',
    'bidi\u202ex',
    'tag\u{e0001}',
    '\u2028',
  ])('have the name %j as it is: no variable, and nothing that a terminal obeys', (name) => {
    const { what = [] } = finding().asGrant ?? {};
    const user = { kind: 'User', cluster: 'prod', name } as const;
    const found = importGrants(
      [finding({ object: `RoleBinding ${name}`, asGrant: { grantees: [user], what } })],
      options,
    );
    const yaml = grantsYaml(found);
    expect(yaml).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
    const [read] = parsed(yaml, { CANARY: 'canary-of-the-environment' });
    expect(read).toMatchObject({ grantees: [user], reason: `imported: RoleBinding ${name} of shared-ns (prod)` });
  });

  it('say where each is from', () => {
    const yaml = grantsYaml(importGrants([finding({ flags: ['ServiceAccount my-ns/default is not there'] })], options));
    expect(yaml).toContain(
      '# RoleBinding cross-ns-pull at prod/shared-ns: ServiceAccount my-ns/default; ServiceAccount my-ns/default is not there\n',
    );
    expect(parsed(grantsYaml(importGrants([], options)))).toEqual([]);
  });
});
