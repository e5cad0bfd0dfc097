// Grants of one ECR registry as tests of its back end want, plan and apply them, and its policies as somebody else sees and writes them.
import {
  CreateRepositoryCommand,
  ECRClient,
  GetRepositoryPolicyCommand,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr';
import { randomUUID } from 'node:crypto';
import type { EntryChange, GrantBackend } from '../../../shared/grants/backend.ts';
import { ecrBackend, type EcrBackendOptions } from '../../../shared/grants/ecr/backend.ts';
import { ecrWanted } from '../../../shared/grants/ecr/wanted.ts';
import { emptyGrants } from '../../../shared/grants/fold-journal.ts';
import { planGrants } from '../../../shared/grants/plan.ts';
import type { ObservedTarget } from '../../../shared/grants/entry.ts';
import type { Grantee, PullGrant, PullPart } from '../../../shared/grants/grant.ts';
import type { Site } from '../../../shared/grants/site.ts';

const ACCOUNT = '012345678901';
export const HOST = '012345678901.dkr.ecr.eu-west-1.amazonaws.com';
export const site: Site = { backend: 'ecr', host: HOST, profiles: new Map() };
export function openEcr(options: Partial<EcrBackendOptions> = {}): GrantBackend {
  return ecrBackend({
    site,
    instance: 'test',
    identity: {},
    env: process.env,
    pause: () => Promise.resolve(),
    newPrincipalMs: 0,
    ...options,
  });
}

export function account(id: string): Grantee {
  return { kind: 'AwsAccount', id };
}

export function part(pattern: string): PullPart {
  return { registry: HOST, what: { kind: 'repository', pattern }, actions: ['pull'] };
}

export function target(place: string) {
  return { backend: 'ecr', host: HOST, place } as const;
}

export function wantedAt(repository: string, grant: PullGrant | undefined, instance = 'test') {
  if (grant === undefined) throw new Error('no grant');
  return ecrWanted({ grant, parts: [part(repository)], grantees: grant.grantees, site, survey: {}, instance }).entries;
}

export function creations(repository: string, grants: readonly PullGrant[]): EntryChange[] {
  return grants.flatMap((grant) => wantedAt(repository, grant)).map((wanted) => ({ op: 'create', wanted }));
}

/** What the plan of these grants writes at a target that was read. */
export function changesFor(observed: ObservedTarget, meant: readonly PullGrant[], instance = 'test'): EntryChange[] {
  const what = [part(observed.target.place)];
  const grants = meant.map((grant) => ({ ...grant, what, approvedBy: 'alice' }));
  const sites = [{ site, wanted: ecrWanted, survey: {} }];
  // nothing is known here of what was written before
  const seen = { instance, sites, state: emptyGrants(), targets: [observed], prunesUnknown: true };
  return planGrants(grants, seen, new Date()).flatMap((change): EntryChange[] => {
    if (change.op === 'create') return [{ op: 'create', wanted: change.wanted }];
    if (change.op === 'delete') return [{ op: 'delete', key: change.key, before: change.before }];
    if (change.op === 'update' || change.op === 'adopt')
      return [{ op: change.op, wanted: change.wanted, before: change.before }];
    if (change.op !== 'noop') throw new Error(`${change.op} of ${change.label} is no write`);
    return [];
  });
}

export async function observe(backend: GrantBackend, repository: string): Promise<ObservedTarget> {
  return backend.observe(target(repository));
}

export async function apply(
  backend: GrantBackend,
  repository: string,
  grants: readonly PullGrant[],
  instance = 'test',
) {
  const observed = await observe(backend, repository);
  return backend.write(observed, changesFor(observed, grants, instance));
}

export async function verify(
  backend: GrantBackend,
  entry: ReturnType<typeof wantedAt>[number] | undefined,
  expected: 'allowed' | 'denied',
) {
  if (entry === undefined) throw new Error('no entry');
  return backend.verify(entry, expected);
}

/** @param endpoint of moto */
export function ecrBehind(endpoint: string) {
  async function others<Result>(work: (ecr: ECRClient) => Promise<Result>): Promise<Result> {
    const ecr = new ECRClient({ region: 'eu-west-1', endpoint });
    try {
      return await work(ecr);
    } finally {
      ecr.destroy();
    }
  }

  const bed = {
    async newRepository(repositoryName = `team/${randomUUID()}`): Promise<string> {
      await others((ecr) => ecr.send(new CreateRepositoryCommand({ registryId: ACCOUNT, repositoryName })));
      return repositoryName;
    },
    async setPolicy(repositoryName: string, policyText: string): Promise<void> {
      const order = { registryId: ACCOUNT, repositoryName, policyText };
      await others((ecr) => ecr.send(new SetRepositoryPolicyCommand(order)));
    },
    /** Undefined: there is none. */
    policyOf: (repositoryName: string): Promise<string | undefined> =>
      others(async (ecr) => {
        try {
          return (await ecr.send(new GetRepositoryPolicyCommand({ registryId: ACCOUNT, repositoryName }))).policyText;
        } catch {
          return undefined;
        }
      }),
    async sidsOf(repository: string): Promise<string[]> {
      const text = await bed.policyOf(repository);
      const policy = (text === undefined ? { Statement: [] } : JSON.parse(text)) as { Statement: { Sid: string }[] };
      return policy.Statement.map(({ Sid }) => Sid);
    },
  };
  return bed;
}
