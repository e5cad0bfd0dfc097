// The back end for Azure Container Registry: role assignments at the registry, and tokens of its own.
// https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview
import { isTransshipError } from '../../errors.ts';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import type { AzureToken } from '../../identity/azure-token.ts';
import type { AzureIdentity } from '../../identity/azure.ts';
import { sleep } from '../../oci/http/retry.ts';
import { inCloudOf } from '../../registries/acr-identity.ts';
import type { EntryChange, EntryOutcome, GrantBackend, Verification } from '../backend.ts';
import { hash16, canonicalText, type Json } from '../canonical.ts';
import type { ObservedEntry, ObservedTarget } from '../entry.ts';
import type { KeepSecret } from '../keep-secret.ts';
import type { Site, Target } from '../site.ts';
import { isSameId, listAssignments, pullAssignments } from './assignments.ts';
import { auditAssignment, auditSettings, auditToken } from './audit-registry.ts';
import { roleIn, tokenIn, TOKENS } from './entry-content.ts';
import { factsOf, findRegistry, isAbacRegistry, registryIdIn, type Registry } from './registry.ts';
import { roleEntries } from './role-entries.ts';
import { openRoles } from './roles.ts';
import { tokenEntries } from './token-entries.ts';
import { listScopeMaps, listTokens, type RegistryToken, type ScopeMap } from './tokens.ts';
import { verifyRole, verifyToken } from './verify.ts';
import { writeRoles } from './write-roles.ts';
import { writeToken } from './write-token.ts';

export type AcrBackendOptions = {
  site: Site;
  instance: string;
  identity: AzureIdentity;
  env: NodeJS.ProcessEnv;
  keepSecret: KeepSecret;
  /** Where the registry is; absent: it is looked for in all that the identity sees. */
  subscription?: string | undefined;
  now?: () => number;
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

type Tokens = { tokens: readonly RegistryToken[]; scopeMaps: readonly ScopeMap[] };

const NO_TOKENS: Tokens = { tokens: [], scopeMaps: [] };

type Opened = { manager: ResourceManager; registry: Registry };

const RENEW_MS = 5 * 60_000;
const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 2_000;

export function acrBackend(options: AcrBackendOptions): GrantBackend {
  const { site, instance, env, keepSecret, subscription, now = Date.now, pause = sleep } = options;
  const identity = inCloudOf(site.host, options.identity, env);
  const target: Target = { backend: site.backend, host: site.host, place: '' };
  const ofTokens: Target = { ...target, place: TOKENS };
  let login: AzureToken | undefined;
  let registryId = registryIdIn(identity.registryToken?.id);

  return {
    kind: 'acr',

    async survey(_, { signal } = {}) {
      const { registry } = await open(signal);
      return { facts: factsOf(registry) };
    },

    async observe(observed, { signal } = {}) {
      const entries = await read(await open(signal), observed);
      const revision = hash16(canonicalText(entries.map(({ key, content, owner }) => ({ key, content, owner }))));
      return { target: observed, state: 'there', revision, entries } satisfies ObservedTarget;
    },

    async marked({ signal } = {}) {
      const opened = await open(signal);
      const [roles, tokens] = await Promise.all([read(opened, target), ifVisible(read(opened, ofTokens), [])]);
      const isOurs = ({ owner }: ObservedEntry): boolean => owner === 'ours';
      return [...(roles.some(isOurs) ? [target] : []), ...(tokens.some(isOurs) ? [ofTokens] : [])];
    },

    async write(_, changes, { signal } = {}) {
      const opened = await open(signal);
      const { manager, registry } = opened;
      const [forRoles, forTokens] = [changes.filter(isForRole), changes.filter((change) => !isForRole(change))];
      const common = { manager, registryId: registry.id, instance, pause, signal };
      const outcomes: EntryOutcome[] = [];
      for (const change of forTokens) {
        // what the one before left is what the next one starts from
        const { tokens, scopeMaps, entries } = await readTokens(opened);
        const write = { ...common, host: site.host, keepSecret, tokens, scopeMaps, entries };
        outcomes.push(await writeToken(write, change));
      }
      if (forRoles.length > 0) outcomes.push(...(await writeRoles(common, forRoles)));
      return { outcomes, alarms: [] };
    },

    async verify({ content }, expected, { signal } = {}) {
      for (let tried = 1; ; tried += 1) {
        const verification = await evaluate(await open(signal), content);
        if (verification.answer === expected || tried >= VERIFY_TRIES) return verification;
        await pause(VERIFY_PAUSE_MS, signal);
      }
    },

    async *audit({ signal } = {}) {
      const opened = await open(signal);
      const { manager, registry } = opened;
      yield* auditSettings(registry, target);
      const roles = openRoles(manager, registry.id, isAbacRegistry(registry));
      for (const assignment of await listAssignments(manager, registry.id)) {
        yield* auditAssignment(assignment, await roles.of(assignment.role), { registry, target, instance });
      }
      const { tokens, scopeMaps } = await ifVisible(listOfTokens(opened), NO_TOKENS);
      for (const token of tokens) {
        const scopeMap = scopeMaps.find(({ id }) => isSameId(id, token.scopeMapId));
        const finding = auditToken(token, scopeMap, { target: ofTokens, instance, now: new Date(now()) });
        if (finding !== undefined) yield finding;
      }
    },
  };

  /** One login for as long as it lives; how the registry is set is read anew each time. */
  async function open(signal: AbortSignal | undefined): Promise<Opened> {
    const { openResourceManager, resourceManagerToken } = await import('../../identity/azure-resource.ts');
    if (login === undefined || login.expiresAt.getTime() - Date.now() < RENEW_MS) {
      login = await resourceManagerToken(identity, { env, signal });
    }
    const manager = await openResourceManager(identity, { env, signal, token: login.token });
    const registry = await findRegistry(manager, site.host, { registryId, subscription });
    registryId = registry.id;
    return { manager, registry };
  }

  async function read(opened: Opened, { place }: Target): Promise<ObservedEntry[]> {
    if (place === TOKENS) return (await readTokens(opened)).entries;
    const { manager, registry } = opened;
    return roleEntries(pullAssignments(await listAssignments(manager, registry.id), registry.id), instance);
  }

  async function readTokens(opened: Opened) {
    const listed = await listOfTokens(opened);
    const seen = { ...listed, host: site.host, instance, now: new Date(now()) };
    return { ...listed, entries: await tokenEntries(seen, keepSecret) };
  }

  async function listOfTokens({ manager, registry }: Opened): Promise<Tokens> {
    const scopeMaps = await listScopeMaps(manager, registry.id);
    return { scopeMaps, tokens: await listTokens(manager, registry.id) };
  }

  async function evaluate(opened: Opened, content: Json): Promise<Verification> {
    const { manager, registry } = opened;
    const at = new Date(now());
    const token = tokenIn(content);
    if (token !== undefined) return verifyToken(token, await listOfTokens(opened), at);
    const role = roleIn(content);
    if (role === undefined) return { method: 'none', answer: 'unverifiable', at };
    const roles = openRoles(manager, registry.id, isAbacRegistry(registry));
    return verifyRole(role, await listAssignments(manager, registry.id), { roles, registry, instance, at });
  }
}

/** An identity for roles alone may not see tokens: nothing is looked for there, and nothing is said of them. */
async function ifVisible<Value>(reading: Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (isTransshipError(error, 'denied')) return otherwise;
    throw error;
  }
}

function isForRole(change: EntryChange): boolean {
  return (change.op === 'delete' ? tokenIn(change.before) : tokenIn(change.wanted.content)) === undefined;
}
