// What reaches further than a grant may without somebody's approval: everybody, or every repository. What only a back end can know (a
// policy for any principal) it says of its entries itself.
import type { Grantee, PullGrant, PullPart } from './grant.ts';

const EVERYBODY: ReadonlyMap<string, string> = new Map([
  ['*', 'everybody'],
  ['system:authenticated', 'everybody who is logged in (system:authenticated)'],
  ['system:authenticated:oauth', 'everybody who is logged in (system:authenticated:oauth)'],
  ['system:unauthenticated', 'everybody, also without a login (system:unauthenticated)'],
  ['system:anonymous', 'everybody, also without a login (system:anonymous)'],
  ['system:serviceaccounts', 'every ServiceAccount (system:serviceaccounts)'],
  ['allUsers', 'everybody, also without a login (allUsers)'],
  ['allAuthenticatedUsers', 'everybody with any Google account (allAuthenticatedUsers)'],
]);

/** Every reason in words, each once; empty where the grant keeps to its place. */
export function overbroadReasons(grant: Pick<PullGrant, 'grantees' | 'what'>): string[] {
  const reasons = [
    ...grant.grantees.map((grantee) => overbroadGrantee(grantee) ?? overbroadSelector(grantee, grant.what)),
    ...grant.what.map(overbroadPart),
  ];
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}

/** Undefined: somebody in particular. */
export function overbroadGrantee(grantee: Grantee): string | undefined {
  const name = principalOf(grantee);
  return name === undefined ? undefined : EVERYBODY.get(name);
}

/** Each Namespace for what is its own is nobody but its own. */
function overbroadSelector(grantee: Grantee, what: readonly PullPart[]): string | undefined {
  if (grantee.kind !== 'NamespaceSelector' || grantee.selector !== 'all') return undefined;
  const isOwn = what.every((part) => part.what.kind === 'namespace' && part.what.name === '{namespace}');
  return isOwn ? undefined : `the ServiceAccounts of every Namespace of ${grantee.cluster}`;
}

/** Undefined: a part of the registry, however large. */
function overbroadPart({ registry, what }: PullPart): string | undefined {
  const all = what.kind === 'namespace' ? what.name === '*' : what.pattern === '**' || what.pattern === '*';
  return all ? `every repository of ${registry}` : undefined;
}

function principalOf(grantee: Grantee): string | undefined {
  if (grantee.kind === 'User' || grantee.kind === 'Group') return grantee.name;
  if (grantee.kind === 'GooglePrincipal') return grantee.member;
  return grantee.kind === 'AwsPrincipal' ? grantee.arn : undefined;
}
