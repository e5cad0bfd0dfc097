// What an API token is and the port to where tokens are kept: by hash, so that who reads the store can use none of them.

export const SCOPES = ['read', 'mirror', 'credentials', 'grants', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export type ApiToken = {
  id: string;
  /** For people. */
  name: string;
  scopes: readonly Scope[];
  /** Only these rules; absent: all. */
  rules?: readonly string[];
  /** Only these registries, as references name them, sources and targets; absent: all. */
  registries?: readonly string[];
  createdAt: Date;
  expiresAt?: Date;
};

export type ApiTokenStore = {
  /** @param hash hex SHA-256 of the token's text */
  add(token: ApiToken, hash: string): Promise<void>;
  findByHash(hash: string): Promise<ApiToken | undefined>;
  /** Newest first. */
  list(): Promise<ApiToken[]>;
  /** False: there is none of that id. */
  revoke(id: string): Promise<boolean>;
};
