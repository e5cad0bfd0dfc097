// Grants in the policies of ECR, by the API of AWS. The SDK is loaded with the first call, and its clients stay open until `close`.
import { setTimeout as wait } from 'node:timers/promises';
import type { AwsIdentity } from '../../identity/aws.ts';
import { interruption } from '../../identity/time-limit.ts';
import type { EcrCalls } from '../../registries/ecr-client.ts';
import type { CreateRepositorySettings } from '../../registries/vendor.ts';
import type { EntryChange, EntryOutcome, GrantBackend, Verification } from '../backend.ts';
import type { Json } from '../canonical.ts';
import { isExactPattern } from '../repository-pattern.ts';
import type { Site, Target } from '../site.ts';
import { auditPolicies } from './audit-policies.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';
import type { PolicyRun } from './commit-policy.ts';
import { keyOf } from './merge-policy.ts';
import { EMPTY_POLICY, parsePolicy, policyEntries, policyRevision, type PolicyDocument } from './policy-document.ts';
import { policyStore, type PolicyStore } from './policy-store.ts';
import { writePolicy } from './refused-principals.ts';
import { isMark } from './statement-mark.ts';
import { KNOWN_ACCOUNTS, REGISTRY_POLICY_SCOPE } from './survey-facts.ts';
import { listEcrRepositories, registryPolicyScope } from './survey-registry.ts';
import { judgeEntry } from './verify-entry.ts';
import { ecrPartition, repositoryArn } from './wanted.ts';

export type EcrBackendOptions = {
  site: Site;
  /** Of the configuration: it is in the marks. */
  instance: string;
  identity: AwsIdentity;
  env: NodeJS.ProcessEnv;
  /** How repositories are made that grants name in full and that are not there; absent: such grants wait for them. */
  createRepository?: CreateRepositorySettings;
  /** Accounts that the configuration names: all others need an approval as a whole. */
  knownAccounts?: readonly string[];
  /** How long a principal is waited for that AWS did not know when it was first named. */
  newPrincipalMs?: number;
  /** For tests. */
  now?: () => number;
  pause?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
};

type Reading = { signal?: AbortSignal | undefined };

const NEW_PRINCIPAL_MS = 120_000;
/** Policies count within seconds. */
const VERIFY_MS = 3_000;
const VERIFY_STEP_MS = 1_000;

export function ecrBackend(options: EcrBackendOptions): GrantBackend {
  const { site, instance, identity, env, createRepository, knownAccounts = [] } = options;
  const { newPrincipalMs = NEW_PRINCIPAL_MS, now = Date.now, pause = pauseFor } = options;
  const { host } = site;
  const partition = ecrPartition(host);
  const firstRefused = new Map<string, number>();
  /** As the last survey found it; verifications are too many to ask each time. */
  let scope: Readonly<Record<string, string>> | undefined;
  type Client = EcrCalls & { close: () => void };
  const opened: { often?: Promise<Client>; once?: Promise<Client> } = {};

  const open = async (options: { tries?: number }): Promise<Client> => {
    const { openEcrClient } = await import('../../registries/ecr-client.ts');
    return openEcrClient(host, identity, env, options);
  };
  const calls = async ({ once = false } = {}): Promise<EcrCalls['calls']> =>
    (await (once ? (opened.once ??= open({ tries: 1 })) : (opened.often ??= open({})))).calls;
  const storeOf = (place: string, { signal }: Reading = {}): PolicyStore => policyStore({ host, place, calls, signal });

  const read = async (store: PolicyStore): Promise<PolicyDocument | undefined> => {
    const stored = await store.read();
    if (stored.state === 'missing') return undefined;
    return stored.text === undefined ? EMPTY_POLICY : parsePolicy(stored.text, { partition, what: store.what });
  };

  /** The registry's own as well, where it counts. */
  const judgedStatements = async (place: string, reading: Reading) => {
    const document = await read(storeOf(place, reading));
    scope ??= await registryPolicyScope(await calls(), host, reading);
    const isCounted = place !== '' && scope[REGISTRY_POLICY_SCOPE] === 'V2';
    const registry = isCounted ? await read(storeOf('', reading)) : undefined;
    const all = [document, registry].flatMap((one) => (one === undefined ? [] : policyEntries(one, instance)));
    return all.map(({ label, statement }) => ({ label, content: statement.content }));
  };

  return {
    kind: 'ecr',

    async survey(parts, reading = {}) {
      const patterns = parts.flatMap(({ what }) => (what.kind === 'repository' ? [what.pattern] : []));
      const facts = { [KNOWN_ACCOUNTS]: knownAccounts.join(',') };
      const wild = patterns.filter((pattern) => !isExactPattern(pattern));
      if (wild.length === 0) return { facts };
      const ecr = await calls();
      const deep = wild.filter((pattern) => pattern.endsWith('**'));
      const asked = deep.length === 0 ? {} : await registryPolicyScope(ecr, host, reading);
      if (deep.length > 0) scope = asked;
      const known = { ...facts, ...asked };
      if (asked[REGISTRY_POLICY_SCOPE] === 'V2' && deep.length === wild.length) return { facts: known };
      return { repositories: await listEcrRepositories(ecr, host, reading), facts: known };
    },

    async observe(target, reading = {}) {
      const document = await read(storeOf(target.place, reading));
      // one that the first write makes counts as there
      if (document === undefined && createRepository === undefined)
        return { target, state: 'missing', revision: 'missing', entries: [] };
      const policy = document ?? EMPTY_POLICY;
      return {
        target,
        state: 'there',
        revision: document === undefined ? 'missing' : policyRevision(policy),
        entries: policyEntries(policy, instance).map(({ key, isOurs, label, statement }) => ({
          key,
          content: statement.content,
          owner: isOurs ? 'ours' : 'foreign',
          ...(!isOurs && statement.sid !== undefined && isMark(statement.sid)
            ? { isOtherInstance: true as const }
            : {}),
          label,
        })),
      };
    },

    // a mark is only found in a policy that is read, and the policies of a registry are as many as its repositories
    marked: () => Promise.resolve([]),

    async write(observed, changes, reading: Reading & { prunesDead?: boolean } = {}) {
      const store = storeOf(observed.target.place, reading);
      const run: PolicyRun = {
        store,
        instance,
        partition,
        revision: observed.revision,
        written: new Map(),
        changed: new Set(),
        alarms: [],
        hasRestored: false,
        prunesDead: reading.prunesDead === true,
        takesOutDead: false,
        pause: (ms) => pause(ms, reading.signal),
      };
      const isMissing = (await store.read()).state === 'missing';
      if (isMissing && changes.every(({ op }) => op === 'delete'))
        return { outcomes: changes.map(unchanged), alarms: [] };
      if (isMissing && createRepository !== undefined) {
        const { createEcrRepository } = await import('../../registries/ecr-api.ts');
        await createEcrRepository(host, observed.target.place, createRepository, identity, env);
        run.revision = policyRevision(EMPTY_POLICY);
      }
      const problems = await writePolicy(changes, run, { newPrincipalMs, now, firstRefused });
      const outcomes = changes.map((change): EntryOutcome => {
        const key = keyOf(change);
        const problem = problems.get(key);
        if (problem !== undefined) return { key, state: 'blocked', problem };
        if (!run.changed.has(key)) return unchanged(change);
        return { key, state: 'written', ...(run.requestId === undefined ? {} : { requestId: run.requestId }) };
      });
      return { outcomes, alarms: run.alarms };
    },

    async verify({ target, content }, expected, reading = {}) {
      const deadline = now() + VERIFY_MS;
      for (;;) {
        const statements = await judgedStatements(target.place, reading);
        const judged = judgeEntry({
          host,
          content,
          statements,
          resources: resourcesOf(host, partition, target, content),
          expected,
          at: new Date(now()),
        });
        const verification: Verification = { ...judged, at: new Date(now()) };
        if (verification.answer === expected || verification.answer === 'unverifiable' || now() >= deadline)
          return verification;
        await pause(VERIFY_STEP_MS, reading.signal);
      }
    },

    async *audit({ signal } = {}) {
      const readAt = (place: string) => read(storeOf(place, { signal }));
      yield* auditPolicies({ calls: await calls(), host, instance, read: readAt, signal });
    },

    async close() {
      const clients = [opened.often, opened.once];
      delete opened.often;
      delete opened.once;
      for (const client of clients) (await client?.catch(() => undefined))?.close();
    },
  };
}

function unchanged(change: EntryChange): EntryOutcome {
  return { key: keyOf(change), state: 'unchanged' };
}

/** Of a statement in the policy of the registry, one repository of each pattern. */
function resourcesOf(host: string, partition: string, { place }: Target, content: Json): string[] {
  if (place !== '') return [repositoryArn(host, partition, place)];
  return textsOf(isJsonObject(content) ? content['Resource'] : undefined).map((arn) => arn.replaceAll('*', 'x'));
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw interruption(signal);
  }
}
