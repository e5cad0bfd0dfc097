// What clients ask of the token endpoint, in both forms.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readForm, readQuery, type ReadQuestion } from '../../../functions/registry-token/token-question.ts';

const SCOPE = 'repository:team-a/app:pull';
const ACCESS = [{ type: 'repository', name: 'team-a/app', actions: ['pull'] }];
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const query = (text: string, authorization?: string) => readQuery(new URLSearchParams(text), authorization);
const form = (text: string) => readForm(new URLSearchParams(text));

/** What the login comes to: the password, or why there is none. */
function loginOf({ question }: ReadQuestion): string | undefined {
  return question?.login.kind === 'password' ? question.login.password.reveal() : question?.login.kind;
}

describe('a query', () => {
  it('asks for several scopes, of nobody', () => {
    expect(
      query(`service=reg&scope=${SCOPE}&scope=repository:b/c:push&account=bob&client_id=x&offline_token=true`),
    ).toEqual({
      question: {
        service: 'reg',
        access: [...ACCESS, { type: 'repository', name: 'b/c', actions: ['push'] }],
        login: { kind: 'none' },
      },
    });
  });

  it('asks for nothing, to see whether a login is good', () => {
    expect(query('service=reg', basic('bob:token')).question?.access).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['a password', basic('bob:token'), 'token'],
    ['any username', basic(':token'), 'token'],
    ['a password with colons', basic('bob:a:b:'), 'a:b:'],
    ['another case', basic('bob:token').replace('Basic', 'bASIC'), 'token'],
    ['no padding', basic('bob:tokens1').replace(/=+$/, ''), 'tokens1'],
    ['no password', basic('bob:'), 'unreadable'],
    ['no colon', basic('bob'), 'unreadable'],
    ['no base64', 'Basic bob:token', 'unreadable'],
    ['nothing behind it', 'Basic', 'unreadable'],
    ['an empty header', '', 'unreadable'],
    ['another scheme', 'Bearer token', 'unreadable'],
    ['characters that no token has', basic('bob:tok\u00e9n'), 'unreadable'],
    ['a line break', basic('bob:tok\nen'), 'unreadable'],
    ['a space', basic('bob:tok en'), 'unreadable'],
    ['more than fits', basic(`bob:${'x'.repeat(16_385)}`), 'unreadable'],
  ])('with %s', (_, authorization, expected) => {
    expect(loginOf(query('service=reg', authorization))).toBe(expected);
  });

  it('gives the password as it is, whatever the username', () => {
    const username = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'));
    const password = fc.stringMatching(/^[\x21-\x7e]{1,100}$/);
    fc.assert(
      fc.property(username, password, (user, pass) => {
        expect(loginOf(query('service=reg', basic(`${user}:${pass}`)))).toBe(pass);
      }),
    );
  });

  it.each([
    ['no service', `scope=${SCOPE}`],
    ['an empty service', `service=&scope=${SCOPE}`],
    ['two services', 'service=reg&service=other'],
    [
      'too many scopes',
      `service=reg${Array.from({ length: 101 }, (_, n) => `&scope=repository:a/b${n}:pull`).join('')}`,
    ],
  ])('with %s is wrong', (_, text) => {
    expect(query(text)).toMatchObject({ wrong: { error: 'invalid_request' } });
  });

  it('keeps the password out of sight', () => {
    expect(JSON.stringify(query('service=reg', basic('bob:canary')))).not.toContain('canary');
  });
});

describe('a form', () => {
  it('asks with a password', () => {
    const read = form(
      `grant_type=password&client_id=containerd-client&username=bob&password=a%2Bb&service=reg&scope=${SCOPE}`,
    );
    expect(read.question).toMatchObject({ service: 'reg', access: ACCESS });
    expect(loginOf(read)).toBe('a+b');
  });

  it('asks with a refresh token, as containerd does without a username', () => {
    expect(loginOf(form('grant_type=refresh_token&refresh_token=token&service=reg'))).toBe('token');
  });

  it('asks for several scopes with spaces between them', () => {
    const read = form(`grant_type=password&password=t&service=reg&scope=${SCOPE}+repository:b/c:push`);
    expect(read.question?.access).toHaveLength(2);
  });

  it('has a password that nobody has', () => {
    expect(loginOf(form('grant_type=password&password=a%00b&service=reg'))).toBe('unreadable');
  });

  it.each([
    ['no grant type', 'password=t&service=reg', 'invalid_request'],
    ['another grant type', 'grant_type=client_credentials&service=reg', 'unsupported_grant_type'],
    ['a grant type of JavaScript', 'grant_type=constructor&service=reg', 'unsupported_grant_type'],
    ['no password', 'grant_type=password&username=bob&service=reg', 'invalid_request'],
    ['an empty password', 'grant_type=password&password=&service=reg', 'invalid_request'],
    ['the other secret', 'grant_type=password&refresh_token=t&service=reg', 'invalid_request'],
    ['two passwords', 'grant_type=password&password=t&password=u&service=reg', 'invalid_request'],
    ['no service', 'grant_type=password&password=t', 'invalid_request'],
    ['nothing', '', 'invalid_request'],
  ])('with %s is wrong', (_, text, error) => {
    expect(form(text)).toMatchObject({ wrong: { error } });
  });
});

it('reads anything without failing', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (text, authorization) => {
      for (const read of [query(text, authorization), form(text)]) {
        expect(Object.keys(read)).toEqual([read.question === undefined ? 'wrong' : 'question']);
      }
    }),
  );
});
