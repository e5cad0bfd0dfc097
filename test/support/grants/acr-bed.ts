// A back end for grants at an Azure registry that asks a fake by way of loopback, with what tests look at and change.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { acrBackend } from '../../../shared/grants/acr/backend.ts';
import { acrWanted } from '../../../shared/grants/acr/wanted.ts';
import type { EntryChange, GrantBackend, WriteResult } from '../../../shared/grants/backend.ts';
import { canonicalText } from '../../../shared/grants/canonical.ts';
import type { ObservedTarget, WantedEntry } from '../../../shared/grants/entry.ts';
import type { Grantee } from '../../../shared/grants/grant.ts';
import type { ShownOnce } from '../../../shared/grants/keep-secret.ts';
import type { Site, Target } from '../../../shared/grants/site.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority } from '../certificates.ts';
import { startCloudFront, type CloudFront } from '../clouds/cloud-front.ts';
import {
  ACR_HOST,
  ACR_ID,
  createFakeAzureRegistry,
  roleDefinitionId,
  type FakeAssignment,
  type FakeAzureRegistry,
} from '../clouds/fake-azure-registry.ts';
import { CLIENT, createFakeAzure, TENANT, type FakeAzure } from '../clouds/fake-azure.ts';
import { pullGrant } from './pull-grant.ts';

const SITE: Site = { backend: 'acr', host: ACR_HOST, profiles: new Map() };
export const TARGET: Target = { backend: 'acr', host: ACR_HOST, place: '' };
export const TOKENS_TARGET: Target = { ...TARGET, place: 'tokens' };
const NOW = Date.parse('2026-11-21T12:00:00Z');
const REPOSITORY_READER = 'b93aa761-3e63-49ed-ac28-beffa264f7ac';

type Want = { pattern?: string; id?: string; expiresAt?: Date };

export type AcrBed = {
  readonly front: CloudFront;
  readonly azure: FakeAzure;
  readonly fake: FakeAzureRegistry;
  readonly backend: GrantBackend;
  /** Milliseconds, since the last `open`. */
  readonly pauses: readonly number[];
  /** By place. */
  readonly kept: Map<string, ShownOnce>;
  /** What keeping a password is rejected with. */
  keepError: Error | undefined;
  /** What looking whether one is kept is rejected with. */
  hasError: Error | undefined;
  open(options?: { subscription?: string; registryToken?: { id: string } }): GrantBackend;
  wantedFor(grantee: Grantee, want?: Want): WantedEntry;
  /** Undefined where there is nothing to do. */
  apply(wanted: readonly WantedEntry[], gone?: readonly WantedEntry[]): Promise<WriteResult | undefined>;
  assignmentsOf(principalId: string): FakeAssignment['properties'][];
  /** An assignment of a service principal that somebody made. */
  seed(
    principalId: string,
    own?: { role?: string; condition?: string | null; description?: string; scope?: string },
  ): void;
};

/** Its state is new for each test of the file. */
export function useAcr(): AcrBed {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-acr-grants-'));
  let front: CloudFront;
  let azure = createFakeAzure();
  let fake = createFakeAzureRegistry();
  let backend: GrantBackend;
  let pauses: number[] = [];
  let kept = new Map<string, ShownOnce>();
  let keepError: Error | undefined;
  let hasError: Error | undefined;

  beforeAll(async () => {
    front = await startCloudFront(createAuthority(folder), Object.keys(azure.hosts));
  });
  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    azure = createFakeAzure();
    fake = createFakeAzureRegistry();
    fake.settings.accepts = (token) => azure.issued.includes(token);
    front.play({ ...azure.hosts, 'management.azure.com': fake.handler });
    vi.stubEnv('HTTPS_PROXY', front.proxy);
    for (const name of ['https_proxy', 'no_proxy', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_AUTHORITY_HOST'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    kept = new Map();
    keepError = undefined;
    hasError = undefined;
    backend = open();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const open: AcrBed['open'] = ({ subscription, registryToken } = {}) => {
    pauses = [];
    const clientSecret = {
      name: 'env AZURE_SECRET',
      read: () => Promise.resolve(new Secret(azure.settings.clientSecret)),
    };
    return acrBackend({
      site: SITE,
      instance: 'transship',
      identity: { tenantId: TENANT, clientId: CLIENT, clientSecret, registryToken },
      env: process.env,
      subscription,
      keepSecret: {
        keep(place, shown) {
          if (keepError !== undefined) return Promise.reject(keepError);
          kept.set(canonicalText(place), shown);
          return Promise.resolve();
        },
        has: (place, { registry, username }) => {
          if (hasError !== undefined) return Promise.reject(hasError);
          const found = kept.get(canonicalText(place));
          return Promise.resolve(found?.registry === registry && found.username === username);
        },
      },
      now: () => NOW,
      pause: (ms) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    });
  };

  return {
    get front() {
      return front;
    },
    get azure() {
      return azure;
    },
    get fake() {
      return fake;
    },
    get backend() {
      return backend;
    },
    get pauses() {
      return pauses;
    },
    get kept() {
      return kept;
    },
    get keepError() {
      return keepError;
    },
    set keepError(error) {
      keepError = error;
    },
    get hasError() {
      return hasError;
    },
    set hasError(error) {
      hasError = error;
    },
    open,
    wantedFor(grantee, { pattern = 'team-a/app', id = 'base', expiresAt } = {}) {
      const grant = pullGrant({ id, grantees: [grantee], ...(expiresAt === undefined ? {} : { expiresAt }) });
      const { entries, shortfalls } = acrWanted({
        grant,
        parts: [{ registry: ACR_HOST, what: { kind: 'repository', pattern }, actions: ['pull'] }],
        grantees: grant.grantees,
        site: SITE,
        survey: { facts: { registryId: ACR_ID, roleAssignmentMode: fake.settings.mode ?? '' } },
        instance: 'transship',
      });
      const [entry] = entries;
      if (entry === undefined) throw new Error(shortfalls[0]?.message ?? 'no entry');
      return entry;
    },
    async apply(wanted, gone = []) {
      const results: WriteResult[] = [];
      for (const target of [TOKENS_TARGET, TARGET]) {
        const isHere = (entry: WantedEntry): boolean => entry.target.place === target.place;
        if (![...wanted, ...gone].some(isHere)) continue;
        const observed = await backend.observe(target);
        const changes = changesTo(observed, wanted.filter(isHere), gone.filter(isHere));
        if (changes.length > 0) results.push(await backend.write(observed, changes));
      }
      const outcomes = results.flatMap((result) => result.outcomes);
      return results.length === 0 ? undefined : { outcomes, alarms: results.flatMap(({ alarms }) => alarms) };
    },
    assignmentsOf: (principalId) =>
      [...fake.assignments.values()]
        .map(({ properties }) => properties)
        .filter((one) => one.principalId === principalId),
    seed(principalId, { role = REPOSITORY_READER, scope = ACR_ID, condition = null, description } = {}) {
      const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
      const principalType = 'ServicePrincipal';
      const properties = { scope, roleDefinitionId: roleDefinitionId(role), principalId, principalType, condition };
      fake.assignments.set(id, {
        id,
        properties: { ...properties, ...(description === undefined ? {} : { description }) },
      });
    },
  };
}

/** As a plan does it: what is there and what is wanted, by their keys. */
function changesTo(
  observed: ObservedTarget,
  wanted: readonly WantedEntry[],
  gone: readonly WantedEntry[] = [],
): EntryChange[] {
  const there = new Map(observed.entries.map((entry) => [entry.key, entry]));
  return [
    ...gone.flatMap(({ key }): EntryChange[] => {
      const found = there.get(key);
      return found === undefined ? [] : [{ op: 'delete', key, before: found.content }];
    }),
    ...wanted.flatMap((entry): EntryChange[] => {
      const found = there.get(entry.key);
      if (found === undefined) return [{ op: 'create', wanted: entry }];
      if (canonicalText(found.content) === canonicalText(entry.content)) return [];
      return [{ op: 'update', wanted: entry, before: found.content }];
    }),
  ];
}

export function principal(objectId: string): Grantee {
  return { kind: 'AzurePrincipal', objectId, principalType: 'ServicePrincipal' };
}
