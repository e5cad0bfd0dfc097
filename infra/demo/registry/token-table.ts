// The tokens that were issued: opaque texts with a user, an access list and an end.
import { randomUUID } from 'node:crypto';

type IssuedToken = {
  user: string | undefined;
  /** Actions by `<type>:<name>`. */
  access: ReadonlyMap<string, ReadonlySet<string>>;
  expiresAtMs: number;
};

export type TokenTable = {
  issue: (token: IssuedToken) => string;
  find: (text: string) => IssuedToken | undefined;
  /** Ends all access tokens issued so far; refresh tokens stay. */
  expireAll: () => void;
  issueRefreshToken: (user: string) => string;
  userOfRefreshToken: (text: string) => string | undefined;
};

export function tokenTable(refreshTokens: Record<string, string>, now: () => number): TokenTable {
  const tokens = new Map<string, IssuedToken>();
  const refresh = new Map(Object.entries(refreshTokens));
  return {
    issue: (token) => {
      const text = `access-${randomUUID()}`;
      tokens.set(text, token);
      return text;
    },
    find: (text) => {
      const token = tokens.get(text);
      return token !== undefined && token.expiresAtMs > now() ? token : undefined;
    },
    expireAll: () => tokens.clear(),
    issueRefreshToken: (user) => {
      const text = `refresh-${randomUUID()}`;
      refresh.set(text, user);
      return text;
    },
    userOfRefreshToken: (text) => refresh.get(text),
  };
}
