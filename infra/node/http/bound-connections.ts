// Bounds the connections of a server, altogether and of one client. Where there are too many, those make room that keep us waiting: first
// those that say nothing, the one that is silent for longest in front, then requests whose body is not there yet. Whose answer is
// under way is never cut. So thousands of sockets that only hang there keep nobody out.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../../../functions/http-api/client-network.ts';
import { isAddress, kindOfAddress } from '../../../shared/oci/egress/ip-address.ts';

export type Bounds = {
  /** Each takes some 10 KiB and a file descriptor, of which many systems give a process 4096. */
  most: number;
  /** Of one address, where it is not this machine's own. */
  mostOfOne: number;
};

export const BOUNDS: Bounds = { most: 2048, mostOfOne: 256 };

export type Connections = {
  /** From now on no connection is kept for another request. */
  closeWhenAnswered(): void;
};

type Name = string | Socket;
type Held = { socket: Socket; network: string };

export function boundConnections(server: Server, { most, mostOfOne }: Bounds = BOUNDS): Connections {
  const all = new Map<Name, Held>();
  /** How many of each network. */
  const counts = new Map<string, number>();
  /** Without a request of theirs under way, in the order in which they fell silent. */
  const silent = new Map<Name, Socket>();
  /** Requests with a body, in the order in which they began. */
  const receiving = new Map<Name, IncomingMessage>();
  let isClosing = false;

  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const network = countedNetwork(socket);
    const isGreedy = (): boolean => network !== '' && (counts.get(network) ?? 0) >= mostOfOne;
    if (isGreedy()) makeRoom((one) => all.get(one)?.network === network);
    if (all.size >= most) makeRoom(() => true);
    if (isGreedy() || all.size >= most) return socket.destroy();
    all.set(name, { socket, network });
    counts.set(network, (counts.get(network) ?? 0) + 1);
    silent.set(name, socket);
    return socket.once('close', () => forget(name));
  });

  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket, headers } = incoming;
    const name = nameOf(socket);
    silent.delete(name);
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      receiving.set(name, incoming);
    // the client is told not to send another one
    if (isClosing) outgoing.setHeader('connection', 'close');
    outgoing.once('close', () => {
      receiving.delete(name);
      if (isClosing) socket.end();
      else if (all.has(name)) silent.set(name, socket);
    });
  });

  function makeRoom(isMeant: (name: Name) => boolean): void {
    const waiting = [...receiving].filter(([, { complete }]) => !complete).map(([name]) => name);
    const name = [...silent.keys(), ...waiting].find(isMeant);
    if (name === undefined) return;
    all.get(name)?.socket.destroy();
    forget(name);
  }

  function forget(name: Name): void {
    const held = all.get(name);
    if (held === undefined) return;
    all.delete(name);
    silent.delete(name);
    receiving.delete(name);
    const left = (counts.get(held.network) ?? 1) - 1;
    if (left > 0) counts.set(held.network, left);
    else counts.delete(held.network);
  }

  return {
    closeWhenAnswered() {
      isClosing = true;
      for (const socket of silent.values()) socket.end();
    },
  };
}

/** With TLS, a request comes by another object than its connection did; the address is the same. */
function nameOf(socket: Socket): Name {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

/** Empty for programs of this machine, a proxy for one, which may be many clients. */
function countedNetwork({ remoteAddress = '' }: Socket): string {
  const isOther = isAddress(remoteAddress) && kindOfAddress(remoteAddress) !== 'loopback';
  return isOther ? networkOf(remoteAddress) : '';
}
