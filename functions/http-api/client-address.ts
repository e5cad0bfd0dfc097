// The address of who asks: the other end of the connection, or what our own proxy says of its other end.
import type { Peer } from './api-deps.ts';
import { isAddress, kindOfAddress } from '../../shared/oci/ip-address.ts';

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
