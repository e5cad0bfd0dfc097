// WWW-Authenticate headers of any shape, taken apart by the tokenizer.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChallenges, type Challenge } from '../../../shared/oci/challenge.ts';

describe('parseChallenges', () => {
  test.each<[string, string | undefined, Challenge[]]>([
    ['nothing', undefined, []],
    ['an empty header', '', []],
    [
      'Docker Hub',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull,push',
          },
        },
      ],
    ],
    [
      'several challenges',
      'Negotiate, Basic realm="a", Bearer realm="b" , service="c"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'a' } },
        { scheme: 'bearer', parameters: { realm: 'b', service: 'c' } },
      ],
    ],
    [
      'a token68',
      'NTLM TlRMTVNTUAACAAAA==, Basic realm="x"',
      [
        { scheme: 'ntlm', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    [
      'a token68 at the end',
      'Basic realm=x, Negotiate abc/+==',
      [
        { scheme: 'basic', parameters: { realm: 'x' } },
        { scheme: 'negotiate', parameters: {} },
      ],
    ],
    [
      'quoted commas, spaces and escapes',
      'Basic realm="a, b \\"c\\" \\\\ Bearer realm=d", charset="UTF-8"',
      [{ scheme: 'basic', parameters: { realm: 'a, b "c" \\ Bearer realm=d', charset: 'UTF-8' } }],
    ],
    [
      'unquoted values',
      'Bearer realm=https://a.example:8443/token?x=y&z=(1),service=registry',
      [{ scheme: 'bearer', parameters: { realm: 'https://a.example:8443/token?x=y&z=(1)', service: 'registry' } }],
    ],
    ['any case', 'BEARER Realm="R",SERVICE="S"', [{ scheme: 'bearer', parameters: { realm: 'R', service: 'S' } }]],
    [
      'white space around "="',
      'Basic realm = "a" ,\tcharset\t=\tb',
      [{ scheme: 'basic', parameters: { realm: 'a', charset: 'b' } }],
    ],
    [
      'missing commas',
      'Bearer realm="a" service="b"scope=c',
      [{ scheme: 'bearer', parameters: { realm: 'a', service: 'b', scope: 'c' } }],
    ],
    ['empty list items', ', ,Basic realm="a",,', [{ scheme: 'basic', parameters: { realm: 'a' } }]],
    ['an empty value', 'Basic realm="", charset=', [{ scheme: 'basic', parameters: { realm: '', charset: '' } }]],
    ['a quote that never closes', 'Basic realm="a, b', [{ scheme: 'basic', parameters: { realm: 'a, b' } }]],
    ['a trailing backslash', 'Basic realm="a\\', [{ scheme: 'basic', parameters: { realm: 'a' } }]],
    [
      'a repeated parameter',
      'Bearer realm="first", realm="second"',
      [{ scheme: 'bearer', parameters: { realm: 'first' } }],
    ],
    ['parameters of no scheme', 'realm="a", Basic', [{ scheme: 'basic', parameters: {} }]],
    ['junk', '="x" "y" = ,', []],
  ])('understands %s', (_name, header, expected) => {
    expect(parseChallenges(header)).toStrictEqual(expected);
  });

  test('keeps parameters named like members of Object.prototype harmless', () => {
    const [challenge] = parseChallenges('Bearer __proto__="a", constructor="b", realm="c"');
    expect(Object.entries(challenge?.parameters ?? {})).toStrictEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['realm', 'c'],
    ]);
    expect(Object.getPrototypeOf({})).not.toHaveProperty('a');
  });

  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const challenges = fc.array(
    fc.record(
      { scheme: token, parameters: fc.dictionary(token, fc.string(), { noNullPrototype: true }) },
      { noNullPrototype: true },
    ),
    { maxLength: 4 },
  );

  test('reads back what was written with quoted values', () => {
    fc.assert(
      fc.property(challenges, (list) => {
        const header = list
          .map(({ scheme, parameters }) => {
            const items = Object.entries(parameters).map(
              ([key, value]) => `${key}="${value.replace(/["\\]/g, '\\$&')}"`,
            );
            return `${scheme} ${items.join(', ')}`.trim();
          })
          .join(', ');
        expect(parseChallenges(header)).toStrictEqual(list);
      }),
    );
  });

  test('never throws', () => {
    const junk = fc.array(
      fc.oneof(
        fc.constantFrom('Bearer', 'realm', '=', '"', '\\', ',', ' ', '__proto__', '=='),
        fc.string({ unit: 'binary' }),
      ),
    );
    fc.assert(
      fc.property(junk, (parts) => {
        expect(Array.isArray(parseChallenges(parts.join('')))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['a ', 'a,', '=', '"', '\\"', 'a=', ' ', 'a=" ', 'a\t\t'])(
    'reads 60 000 repetitions of %j in linear time',
    (part) => {
      const startedAt = performance.now();
      parseChallenges(part.repeat(60_000));
      expect(performance.now() - startedAt).toBeLessThan(1000);
    },
  );
});
