// A recorded world behind loopback HTTP, so that it outlives a process that is killed while it writes there; and the back ends of that process,
// which do nothing but ask it. What a request began goes on when whoever asked is gone, as at real servers.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isTransshipError, TransshipError, type ErrorCode } from '../../../shared/errors.ts';
import type { GrantBackend, Verification } from '../../../shared/grants/backend.ts';
import type { BackendFor } from '../../../shared/grants/grants-run.ts';
import type { Survey } from '../../../shared/grants/site.ts';
import type { RecordedWorld } from './recorded-world.ts';

export type WorldServer = {
  url: string;
  /** Resolves when nothing is being done any more. */
  idle(): Promise<void>;
  stop(): Promise<void>;
};

type Asked = {
  site: { backend: 'kubernetes'; host: string };
  method: 'survey' | 'marked' | 'observe' | 'write' | 'verify';
  args: unknown[];
};

export async function serveWorld(world: RecordedWorld): Promise<WorldServer> {
  const going = new Set<Promise<void>>();
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const { site, method, args }: Asked = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
    const backend = await world.backendFor({ ...site, profiles: new Map() });
    const work: unknown = Reflect.get(backend, method);
    if (typeof work !== 'function') throw new TypeError(method);
    const value: unknown = await Reflect.apply(work, backend, args);
    return method === 'survey' ? sentSurvey(value as Survey) : value;
  };
  const server = createServer((request, response) => {
    const work = answer(request)
      .then(
        (value) => ({ value }),
        (error: unknown) => ({ code: isTransshipError(error) ? error.code : 'internal', message: String(error) }),
      )
      .then((body) => void response.end(JSON.stringify(body)))
      .catch(() => undefined)
      .finally(() => going.delete(work));
    going.add(work);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async idle() {
      while (going.size > 0) await Promise.all(going);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** For the process that is killed. */
export function worldBackends(url: string, onWrite: () => void): BackendFor {
  return (site) => {
    const ask = async (method: Asked['method'], ...args: unknown[]) => {
      const { backend, host } = site;
      const response = await fetch(url, {
        method: 'POST',
        body: JSON.stringify({ site: { backend, host }, method, args }),
      });
      const body: { value: never } | { code: ErrorCode; message: string } = JSON.parse(await response.text());
      if ('message' in body) throw new TransshipError(body.code, body.message);
      return body.value;
    };
    const backend: GrantBackend = {
      kind: site.backend,
      survey: async (parts) => receivedSurvey(await ask('survey', parts)),
      marked: async () => ask('marked'),
      observe: async (target) => ask('observe', target),
      async write(observed, changes) {
        onWrite();
        return ask('write', observed, changes);
      },
      verify: async (entry, expected) => received(await ask('verify', entry, expected)),
      audit: () => nothing(),
    };
    return Promise.resolve(backend);
  };
}

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

function sentSurvey({ namespaces }: Survey) {
  return { namespaces: [...(namespaces ?? [])] };
}

function receivedSurvey({ namespaces }: ReturnType<typeof sentSurvey>): Survey {
  return { namespaces: new Map(namespaces) };
}

function received(verification: Verification): Verification {
  return { ...verification, at: new Date(verification.at) };
}
