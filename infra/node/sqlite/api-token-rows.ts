// API tokens as rows: what they may do, under the hash of their text.
import { SCOPES, type ApiToken, type ApiTokenStore } from '../../../functions/http-api/api-token.ts';
import { optionalTime, parsed, text, time, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

export function apiTokenRows({ database, write, read, assertRoom }: StoreContext): ApiTokenStore {
  const insert = database.prepare(`
    INSERT INTO api_token (id, hash, name, scopes, rules, registries, created_at, expires_at)
    VALUES (:id, :hash, :name, :scopes, :rules, :registries, :created_at, :expires_at)`);
  const byHash = database.prepare('SELECT * FROM api_token WHERE hash = ?');
  const all = database.prepare('SELECT * FROM api_token ORDER BY seq DESC');
  const remove = database.prepare('DELETE FROM api_token WHERE id = ?');

  return {
    add: ({ id, name, scopes, rules, registries, createdAt, expiresAt }, hash) =>
      write(() => {
        assertRoom();
        insert.run({
          id,
          hash,
          name,
          scopes: JSON.stringify(scopes),
          rules: rules === undefined ? null : JSON.stringify(rules),
          registries: registries === undefined ? null : JSON.stringify(registries),
          created_at: createdAt.getTime(),
          expires_at: expiresAt?.getTime() ?? null,
        });
      }),
    findByHash: (hash) =>
      read(() => {
        const row = byHash.get(hash);
        return row === undefined ? undefined : tokenOf(row);
      }),
    list: () => read(() => all.all().map(tokenOf)),
    revoke: (id) => write(() => Number(remove.run(id).changes) > 0),
  };
}

function tokenOf(row: Row): ApiToken {
  const scopes: readonly string[] = parsed(row, 'scopes') ?? [];
  const rules: ApiToken['rules'] = parsed(row, 'rules');
  const registries: ApiToken['registries'] = parsed(row, 'registries');
  const expiresAt = optionalTime(row, 'expires_at');
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    // a scope of a later version means nothing here
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    ...(rules === undefined ? {} : { rules }),
    ...(registries === undefined ? {} : { registries }),
    createdAt: time(row, 'created_at'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
