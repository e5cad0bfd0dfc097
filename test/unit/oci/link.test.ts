// Link headers: the next page, and only on the same origin.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextLink, nextPage } from '../../../shared/oci/link.ts';

const BASE = new URL('https://registry.example/v2/a/tags/list?n=2');

test.each<[string, string, string]>([
  [
    'relative to the root',
    '</v2/a/tags/list?last=b&n=2>; rel="next"',
    'https://registry.example/v2/a/tags/list?last=b&n=2',
  ],
  ['relative to the page', '<?last=b>; rel="next"', 'https://registry.example/v2/a/tags/list?last=b'],
  ['absolute', '<https://registry.example/v2/x>; rel="next"', 'https://registry.example/v2/x'],
  ['with the default port', '<https://registry.example:443/v2/x>; rel="next"', 'https://registry.example/v2/x'],
  ['unquoted', '</x>;rel=next', 'https://registry.example/x'],
  ['in capitals', '</x>; REL="NEXT"', 'https://registry.example/x'],
  ['with white space', ' </x> ; rel = "next" ', 'https://registry.example/x'],
  ['after another link', '</p>; rel="prev", </x>; rel="next"', 'https://registry.example/x'],
  ['among several relations', '</x>; rel="last next"', 'https://registry.example/x'],
  ['after other parameters', '</x>; title="a, <b>; rel=prev"; type=x; rel=next', 'https://registry.example/x'],
  ['with commas in the target', '</x?a=1,2,3>; rel="next"', 'https://registry.example/x?a=1,2,3'],
  ['after a flag parameter', '</x>; crossorigin; rel="next"', 'https://registry.example/x'],
])('finds a next page %s', (_name, header, expected) => {
  expect(nextPage(header, BASE)?.href).toBe(expected);
});

test.each<[string, string | undefined]>([
  ['no header', undefined],
  ['an empty header', ''],
  ['no relation', '</x>'],
  ['another relation', '</x>; rel="prev"'],
  ['a relation that only contains the word', '</x>; rel="nextish"'],
  ['the word in another parameter', '</x>; title="next"'],
  ['a second rel parameter', '</x>; rel="prev"; rel="next"'],
  ['another host', '<https://evil.example/x>; rel="next"'],
  ['another host without scheme', '<//evil.example/x>; rel="next"'],
  ['another port', '<https://registry.example:8443/x>; rel="next"'],
  ['plain HTTP', '<http://registry.example/x>; rel="next"'],
  ['a user name', '<https://u:p@registry.example/x>; rel="next"'],
  ['another scheme', '<javascript:alert(1)>; rel="next"'],
  ['an invalid URL', '<https://[>; rel="next"'],
  ['an unclosed target', '</x; rel="next"'],
])('finds no next page in %s', (_name, header) => {
  expect(nextPage(header, BASE)).toBeUndefined();
});

test('nextLink tells of a next page on another origin', () => {
  expect(nextLink('<https://evil.example/x>; rel="next"')).toBe('https://evil.example/x');
  expect(nextLink('</x>; rel="prev"')).toBeUndefined();
});

test('never throws and never leaves the origin', () => {
  const parts = fc.constantFrom(
    '<',
    '>',
    ';',
    ',',
    'rel',
    '=',
    '"',
    'next',
    'rel=next',
    '//evil.example',
    'https:',
    '/',
    '\\',
    '@',
    ' ',
    '?',
  );
  const headers = fc.oneof(
    fc.array(parts).map((list) => list.join('')),
    fc.string(),
    fc.webUrl().map((url) => `<${url}>; rel=next`),
  );
  fc.assert(
    fc.property(headers, (header) => {
      expect(nextPage(header, BASE)?.origin ?? BASE.origin).toBe(BASE.origin);
    }),
    { numRuns: 1000 },
  );
});

test.each(['<', '<>', '<>;', ';', '<>;a="', '<>; ', '\\"', '<>;a="\\'])(
  'reads 60 000 repetitions of %j in linear time',
  (part) => {
    const startedAt = performance.now();
    nextPage(part.repeat(60_000), BASE);
    nextPage(`<>;a="${part.repeat(60_000)}`, BASE);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  },
);
