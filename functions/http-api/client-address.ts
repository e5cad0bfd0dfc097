// The address of who asks: the other end of the connection, or what our own proxy says of its other end.
import type { HonoRequest } from 'hono';
import { isAddress, kindOfAddress } from '../../shared/oci/egress/ip-address.ts';
import { isLoopbackHost } from '../../shared/oci/http/scheme-probe.ts';
import type { Peer } from './api-deps.ts';

/** The last entry is the proxy's own; those before it anybody can write. Empty: not known. */
export function clientAddress(peer: Peer | undefined, forwardedFor: string | undefined, trustProxy: boolean): string {
  const direct = peer?.address ?? '';
  if (!trustProxy || forwardedFor === undefined) return direct;
  const last = forwardedFor.split(',').at(-1)?.trim() ?? '';
  return isAddress(last) ? last : direct;
}

/** The client runs on this machine. Behind a proxy everybody seems to: then nobody is. */
export function isLocalClient(peer: Peer | undefined, trustProxy: boolean): boolean {
  if (peer === undefined || trustProxy) return false;
  return peer.isOwner || (isAddress(peer.address) && kindOfAddress(peer.address) === 'loopback');
}

/**
 * The request was made for this machine by its own name, and no proxy says that it passed it on: with a name of somebody else it may come
 * from a browser here that another site led to us. https://owasp.org/www-community/attacks/DNS_Rebinding
 */
export function isSentHere(request: Pick<HonoRequest, 'header' | 'url'>): boolean {
  const isPassedOn = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via'].some(
    (name) => request.header(name) !== undefined,
  );
  return !isPassedOn && isLoopbackHost(new URL(request.url).hostname);
}
