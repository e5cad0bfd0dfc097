// Bounds the connections of a server: where there are too many, those that say nothing make room, the one that is silent for longest
// first. Thousands of sockets that only hang there keep nobody out.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Each takes some 10 KiB and a file descriptor, of which many systems give a process 4096. */
const MOST_CONNECTIONS = 2048;

export type Connections = {
  /** From now on no connection is kept for another request. */
  closeWhenAnswered(): void;
};

export function boundConnections(server: Server, most = MOST_CONNECTIONS): Connections {
  const all = new Map<string | Socket, Socket>();
  /** Without a request of theirs under way, in the order in which they fell silent. */
  const silent = new Map<string | Socket, Socket>();
  let isClosing = false;

  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    if (all.size >= most) makeRoom();
    if (all.size >= most) return socket.destroy();
    all.set(name, socket);
    silent.set(name, socket);
    return socket.once('close', () => forget(name));
  });

  server.on('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    const name = nameOf(socket);
    silent.delete(name);
    // the client is told not to send another one
    if (isClosing) outgoing.setHeader('connection', 'close');
    outgoing.once('close', () => {
      if (isClosing) socket.end();
      else if (all.has(name)) silent.set(name, socket);
    });
  });

  function makeRoom(): void {
    for (const [name, socket] of silent) {
      socket.destroy();
      return forget(name);
    }
  }

  function forget(name: string | Socket): void {
    all.delete(name);
    silent.delete(name);
  }

  return {
    closeWhenAnswered() {
      isClosing = true;
      for (const socket of silent.values()) socket.end();
    },
  };
}

/** With TLS, a request comes by another object than its connection did; the address is the same. */
function nameOf(socket: Socket): string | Socket {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}
