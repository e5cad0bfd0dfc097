// Which repositories rules read and write, as policies say it: table-driven, and by properties against what the rules themselves do.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourcesOf, targetsOf, withoutCovered } from '../../../../infra/aws/stack/calls/repository-patterns.ts';
import { matchesSource, parseSourcePattern } from '../../../../shared/mirror/source-pattern.ts';
import { parseTargetTemplate, renderTarget } from '../../../../shared/mirror/target-template.ts';

function ruleOf(from: string, ...to: string[]) {
  return { from: parseSourcePattern(from), to: to.map(parseTargetTemplate) };
}

const HOST = 'harbor.acme.io';

/** As IAM compares: a star stands for any characters. */
function isMeant(patterns: readonly string[], repository: string): boolean {
  return patterns.some((pattern) => {
    const text = pattern.split('*').map((part) => part.replaceAll(/[.+]/g, String.raw`\$&`));
    return new RegExp(`^${text.join('.*')}$`).test(repository);
  });
}

describe('what rules read and write, for policies', () => {
  it.each([
    ['docker.io/library/alpine', 'm/{repository}', ['m/library/alpine']],
    ['docker.io/library/{alpine,debian}', 'm/{name}', ['m/alpine', 'm/debian']],
    ['quay.io/team/*', 'm/{repository}', ['m/team/*']],
    ['quay.io/team/app-*', 'm/{name}', ['m/app-*']],
    ['quay.io/team/**', 'm/{repository}', ['m/team/*']],
    // the namespace of what lies deeper has more than one component
    ['quay.io/team/**', 'm/{namespace}-{name}', ['m/team-*', 'm/team/*-*']],
    ['quay.io/**/app', '{registry}/{namespace}/x', ['quay.io/*/x']],
    ['quay.io/**', 'm/{namespace}/{name}', ['m/*']],
    ['quay.io/{team/**,team/app}', 'm/{repository}', ['m/team/*']],
    ['docker.io/library/alpine', 'fixed/name:{tag}', ['fixed/name']],
  ])('%s to %s writes %j', (from, to, expected) => {
    expect(targetsOf(ruleOf(from, `${HOST}/${to}`)).map(({ repository }) => repository)).toEqual(expected);
  });

  it('keeps the targets of several registries apart', () => {
    expect(targetsOf(ruleOf('docker.io/library/alpine', `${HOST}/a`, 'other.acme.io/a'))).toEqual([
      { registry: HOST, repository: 'a' },
      { registry: 'other.acme.io', repository: 'a' },
    ]);
  });

  it('reads what the source names, and no more', () => {
    expect(sourcesOf(ruleOf('quay.io/{team/*,team/app,other/tool}', `${HOST}/{repository}`))).toEqual([
      { registry: 'quay.io', repository: 'other/tool' },
      { registry: 'quay.io', repository: 'team/*' },
    ]);
  });

  it('leaves out only what another pattern means', () => {
    expect(withoutCovered(['a/*', 'a/b', 'a/b/*', 'ab', '*a', 'a', 'a/*/c', 'b/**'])).toEqual([
      '*a',
      'a/*',
      'ab',
      'b/*',
    ]);
    // a star is no proof for the literal text before it
    expect(withoutCovered(['ab*ba', 'aba', 'abba'])).toEqual(['ab*ba', 'aba']);
  });

  it('means every repository that a rule can write, whatever its pattern and template', () => {
    const name = fc.constantFrom('a', 'b', 'app', 'app-x');
    const deep = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    // each with something that it means
    const component = fc.oneof(
      name.map((one) => [one, one] as const),
      name.map((one) => ['*', one] as const),
      name.map((one) => ['app-*', `app-${one}`] as const),
      deep.map((one) => ['**', one] as const),
    );
    const template = fc.constantFrom(
      '{repository}',
      '{name}',
      'm/{namespace}/{name}',
      '{namespace}-{name}',
      '{name}/x',
    );
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 3 }), template, (components, to) => {
        const from = parseSourcePattern(`quay.io/${components.map(([pattern]) => pattern).join('/')}`);
        const target = parseTargetTemplate(`${HOST}/x-${to}`);
        const source = { registry: 'quay.io', repository: components.map(([, meant]) => meant).join('/') };
        expect(matchesSource(from, source)).toBe(true);
        const { repository } = renderTarget(target, { ...source, tag: 'v1' });
        const rule = { from, to: [target] };
        expect(
          isMeant(
            targetsOf(rule).map((one) => one.repository),
            repository,
          ),
        ).toBe(true);
        expect(
          isMeant(
            sourcesOf(rule).map((one) => one.repository),
            source.repository,
          ),
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
