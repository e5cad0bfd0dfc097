// The API over a real store in a folder of its own, with a configuration given as text, asked without a network.
import { rm } from 'node:fs/promises';
import type { Hono } from 'hono';
import type { ApiDeps, ApiEnv, Peer } from '../../../functions/http-api/api-deps.ts';
import { apiTokenHash, newApiTokenText } from '../../../functions/http-api/api-token-text.ts';
import type { ApiToken } from '../../../functions/http-api/api-token.ts';
import { createHttpApi } from '../../../functions/http-api/create-http-api.ts';
import { namespaceIntake } from '../../../functions/namespace-created.ts';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { openReceivers } from '../../../functions/registry-push/receivers.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { openSqliteStore, type SqliteStore } from '../../../infra/node/sqlite-store.ts';
import type { Config } from '../../../shared/config/config.ts';
import { readConfig } from '../../../shared/config/load.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import { manualClock, type ManualClock } from '../jobs/manual-clock.ts';
import { newFolder } from '../jobs/sqlite-subject.ts';

export const HOOK_SECRET = 'Bearer hook-secret-for-tests';
export const MASTER_KEY = 'master-key-for-tests';

export const CONFIG = `
version: 1
registries:
  src.example.com: {}
  dst.example.com: {}
mirrors:
  - name: base
    from: src.example.com/team/{app,web}
    to: ["dst.example.com/mirror/{name}"]
    tags: { deny: ["*-rc*"] }
    priority: 7
  - name: tools
    from: tools.example.com/t/*
    to: ["dst.example.com/tools/{name}"]
receivers:
  - { id: src, kind: distribution, registry: src.example.com, auth: { mode: header, name: authorization, secrets: [{ env: HOOK }] } }
  - { id: hub, kind: docker-hub, registry: src.example.com, auth: { mode: path } }
  - { id: grid, kind: acr-event-grid, registry: src.example.com, auth: { mode: path } }
api:
  oidc:
    - issuer: https://issuer.example.com
      audience: transship
      scopes: [mirror]
      match: { repository: acme/* }
      rules: [base]
`;

export type ApiBed<Time extends Clock> = {
  app: Hono<ApiEnv>;
  deps: ApiDeps;
  store: SqliteStore;
  clock: Time;
  /** Lines of the log. */
  lines: Line[];
  /** Makes a token; with admin scope, without limits or end by default. */
  token(token?: Partial<ApiToken>): Promise<string>;
  /** A request with a bearer token, where one is given; an object as body is sent as JSON. */
  ask(path: string, options?: Ask): Promise<Response>;
  close(): Promise<void>;
};

type Line = { level: string; message: string; fields: LogFields };

export type Ask = {
  method?: string;
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  peer?: Peer;
};

export const REMOTE: Peer = { address: '203.0.113.9', isOwner: false };

export function configOf(text: string): Config {
  const surroundings = { cwd: '/', homeDir: '/tmp', env: {} };
  return readConfig([{ file: 'transship.yaml', text }], surroundings).config;
}

/** With a clock that stands still. */
export function openApiBed(more: Partial<ApiDeps> = {}, config = configOf(CONFIG)): Promise<ApiBed<ManualClock>> {
  return openTimedBed(manualClock(), more, config);
}

export async function openTimedBed<Time extends Clock>(
  clock: Time,
  more: Partial<ApiDeps> = {},
  config = configOf(CONFIG),
): Promise<ApiBed<Time>> {
  const dataDir = await newFolder();
  const listeners = new Set<(change: JobChange) => void>();
  const onChange = (change: JobChange): void => {
    for (const listener of listeners) listener(change);
  };
  const store = await openSqliteStore({ dataDir, clock, ballastBytes: 4096, onChange });
  const receivers = await openReceivers(config, {
    resolveSecret: () => Promise.resolve(new Secret(HOOK_SECRET)),
    masterKey: new Secret(MASTER_KEY),
  });
  const registries = openRegistries({ credentials: () => Promise.resolve({ kind: 'anonymous' }), env: {} });
  const lines: Line[] = [];
  const senders = openClusterSenders(config, new Secret(MASTER_KEY));
  const { jobs, grants } = store;
  const base = { clock, config: () => config, jobs, grants, logger: recordingLogger(lines), metrics: noMetrics };
  const deps: ApiDeps = {
    ...base,
    pushes: store.pushes,
    journal: store.journal,
    apiTokens: store.apiTokens,
    registries: () => registries,
    ...withoutClusters(),
    receivers: () => receivers,
    clusterSenders: () => senders,
    acceptNamespaces: namespaceIntake(base),
    version: '0.0.0',
    readiness: store.unreadyReason,
    metricsText: () => Promise.resolve('transship_build_info 1\n'),
    fetchJson: () => Promise.reject(new Error('no network in this test')),
    onJobChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...more,
  };
  const app = createHttpApi(deps);
  let tokens = 0;
  return {
    app,
    deps,
    store,
    clock,
    lines,
    async token(given = {}) {
      const text = newApiTokenText().reveal();
      const id = `t${(tokens += 1)}`;
      await store.apiTokens.add(
        { id, name: id, scopes: ['admin'], createdAt: clock.now(), ...given },
        apiTokenHash(text) ?? '',
      );
      return text;
    },
    async ask(path, { method = 'GET', token, body, headers, peer = REMOTE } = {}) {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array;
      return app.request(
        path,
        {
          method,
          ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        { peer },
      );
    },
    async close() {
      await store.close();
      await registries.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

function recordingLogger(lines: Line[], base: LogFields = {}): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields: { ...base, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => recordingLogger(lines, { ...base, ...fields }),
  };
}
