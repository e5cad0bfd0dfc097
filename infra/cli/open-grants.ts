// What grants take in this process, where no server owns the data folder: the store, and everything beyond that work is done with.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../shared/config/config.ts';
import { issuedCredentials } from '../../shared/credentials/issued-credentials.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { GrantStore } from '../../shared/grants/grant-store.ts';
import { systemClock } from '../../shared/jobs/clock.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import type { Context } from './context.ts';
import { openConnections } from './open-connections.ts';
import { notePrinter } from './output/note.ts';

/** @param opened closes all of it @throws TransshipError store-locked, store-unavailable */
export async function openGrants(opened: AsyncDisposableStack, context: Context, config: Config, readsOnly: boolean) {
  const store = await openGrantStore(config, readsOnly);
  opened.defer(store.close);
  const connections = await openConnections(config, context, notePrinter(context));
  opened.defer(() => connections.close());
  const deps = {
    clock: systemClock,
    config: () => config,
    grants: store.grants,
    grantBackends: () => connections.grantBackends,
    clusters: () => connections.clusters,
    issuers: () => connections.issuers,
    probePull: () => connections.probePull,
    credentials: issuedCredentials(),
    logger: silentLogger,
  };
  return { deps, registries: connections.registries };
}

type OpenedStore = { grants: GrantStore; close: () => Promise<void> };

/** Who only reads makes none where there is none yet. @throws TransshipError store-locked, store-unavailable */
export async function openGrantStore({ dataDir }: Config, readsOnly: boolean): Promise<OpenedStore> {
  if (readsOnly && !existsSync(path.join(dataDir, 'jobs.sqlite'))) {
    return { grants: emptyStore(), close: () => Promise.resolve() };
  }
  const { openSqliteStore } = await import('../node/sqlite-store.ts');
  return openSqliteStore({ dataDir });
}

/** Nothing was ever written down. */
function emptyStore(): GrantStore {
  const refuse = (): Promise<never> =>
    Promise.reject(new TransshipError('store-unavailable', 'there is no store to write to yet'));
  return {
    append: refuse,
    state: () => Promise.resolve({ grants: new Map(), entries: new Map() }),
    lines: () => Promise.resolve([]),
    last: () => Promise.resolve(0),
    hold: refuse,
    release: () => Promise.resolve(),
  };
}
