// The configuration with the rules of credentials that requests for access ask for, for commands that distribute in this process: what such
// a rule brought is not left over.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { rulesOfAccesses } from '../../functions/access/access-rules.ts';
import { credentialRulesOf } from '../../functions/access/credential-rules.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Context } from './context.ts';
import { listApi } from './server/call-api.ts';
import { grantShape } from './server/grant-shapes.ts';
import { withRunningServer } from './server/open-server.ts';

/** What was asked for by a grant in one of these states is over. */
const ENDED = ['Revoked', 'Expired'];

/** Asks the server that owns the data folder, or where none runs, the store. @throws TransshipError store-locked, store-unavailable */
export async function configWithAccess(context: Context, config: Config): Promise<Config> {
  if (!existsSync(path.join(config.dataDir, 'jobs.sqlite'))) return config;
  const byServer = await withRunningServer(context, config, async (caller) => {
    const { items } = await listApi(caller, '/v1/grants', {}, Infinity, grantShape);
    const held = items.filter(({ state, isDeclared }) => isDeclared && !ENDED.includes(state));
    const credentials = [...config.credentials, ...rulesOfAccesses(held.flatMap(({ access }) => access ?? []))];
    return { ...config, credentials };
  });
  if (byServer !== undefined) return byServer;
  const { openSqliteStore } = await import('../node/sqlite-store.ts');
  const store = await openSqliteStore({ dataDir: config.dataDir });
  try {
    return { ...config, credentials: credentialRulesOf(config, await store.grants.state(), new Date()) };
  } finally {
    await store.close();
  }
}
