// Says whether two host names belong to one owner, by the list of public suffixes (co.uk, github.io, run.app …).
// Imported only on demand, because loading the list takes longer than everything else on the way to the first request.
import { parse } from 'tldts';

/** True if both names have the same registrable domain under a listed suffix; https://publicsuffix.org/list/ */
export function shareRegistrableDomain(one: string, other: string): boolean {
  const domain = registrableDomain(one);
  return domain !== undefined && domain === registrableDomain(other);
}

function registrableDomain(host: string): string | undefined {
  const { domain, isIcann, isPrivate, isIp } = parse(host, { allowPrivateDomains: true });
  // A suffix that is not on the list (`cluster.local`, `svc`) says nothing about who owns the names below it.
  if (isIp === true || domain === null || (isIcann !== true && isPrivate !== true)) return undefined;
  return domain;
}
