// The server's address, taken before anything else is there: most of a start is loading code, and who knocks meanwhile is to wait,
// not to be sent away. Hence this file imports next to nothing.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../../shared/config/config.ts';
import { startHttpServer, type HttpServer, type TlsMaterial } from '../http/http-server.ts';
import { waitingRoom } from '../http/waiting-room.ts';

export type Door = {
  /** Resolves when the address is ours. @throws TransshipError invalid-config where it cannot be had */
  listening: Promise<HttpServer>;
  /** `https://[::1]:8443`, once it listens. */
  url: () => Promise<string>;
  /** From now on this one answers. */
  open: (listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void) => void;
  /** Sends everybody away. */
  close: () => Promise<void>;
};

/** Begins to listen; requests wait until the door is opened. */
export function takeDoor(
  { listen: { host, port }, trustProxy }: Pick<Config['api'], 'listen' | 'trustProxy'>,
  tls: TlsMaterial | undefined,
): Door {
  const room = waitingRoom();
  const listening = startHttpServer({
    listen: { host, port },
    tls,
    behindProxy: trustProxy,
    onRequest: room.onRequest,
  });
  // it is waited for later: who owns the data folder is asked first
  listening.catch(() => undefined);
  return {
    listening,
    async url() {
      const { port: given } = await listening;
      return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${given}`;
    },
    open: room.letIn,
    async close() {
      const server = await listening.catch(() => undefined);
      server?.cut();
      await server?.drain();
    },
  };
}
