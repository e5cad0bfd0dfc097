// Who may download from a repository, as far as its own policy tells: what projects and folders give besides is not visible there.
// https://cloud.google.com/artifact-registry/docs/access-control#roles
import { accessesOf, canonicalMember, endOf, type Access, type Policy } from './policy.ts';

/** Those with artifactregistry.repositories.downloadArtifacts, and what they may do beside it. */
export const PULLING_ROLES: Readonly<Record<string, string | undefined>> = {
  'roles/artifactregistry.reader': undefined,
  'roles/artifactregistry.writer': 'may push',
  'roles/artifactregistry.repoAdmin': 'may push and delete',
  'roles/artifactregistry.admin': 'may push, delete and change this policy',
  'roles/artifactregistry.createOnPushWriter': 'may push',
  'roles/artifactregistry.createOnPushRepoAdmin': 'may push and delete',
  'roles/viewer': 'reads all else, too',
  'roles/editor': 'changes all else, too',
  'roles/owner': 'owns it',
};

export const EVERYBODY: ReadonlySet<string> = new Set(['allUsers', 'allAuthenticatedUsers']);

export type PullAnswer =
  | { answer: 'allowed'; by: Access }
  /** `perhaps`: by a condition that is not evaluated here. */
  | { answer: 'denied'; perhaps?: Access };

export function mayPull(policy: Policy, member: string, now: Date): PullAnswer {
  const wanted = canonicalMember(member);
  const meant = accessesOf(policy).filter(
    (access) =>
      access.role in PULLING_ROLES && (canonicalMember(access.member) === wanted || EVERYBODY.has(access.member)),
  );
  const by = meant.find((access) => holdsAt(access, now) === true);
  if (by !== undefined) return { answer: 'allowed', by };
  const perhaps = meant.find((access) => holdsAt(access, now) === undefined);
  return { answer: 'denied', ...(perhaps === undefined ? {} : { perhaps }) };
}

/** Undefined for conditions of others that say more than an end. */
function holdsAt({ condition }: Access, now: Date): boolean | undefined {
  if (condition === undefined) return true;
  const end = endOf(condition.expression ?? '');
  return end === undefined ? undefined : now < end;
}
