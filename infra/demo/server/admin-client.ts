// Asks the running server over its admin socket, which only its owner can open: the API without a token.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export type ServerEvent = { type: string; data: unknown };

/** The JSON that a route of the API answers. @throws Error unless the answer is 2xx */
export async function fetchJson(socketPath: string, path: string, signal: AbortSignal): Promise<unknown> {
  const response = await get(socketPath, path, { accept: 'application/json' }, signal);
  const body = await text(response);
  if (response.statusCode === 200) return JSON.parse(body);
  throw new Error(`GET ${path}: ${response.statusCode} ${body.slice(0, 500)}`);
}

/**
 * Server-sent events, as they come, until the server ends the stream or goes away.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export async function* serverEvents(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const response = await get(socketPath, path, { accept: 'text/event-stream' }, signal);
  if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode} ${await text(response)}`);
  let buffered = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const blocks = `${buffered}${chunk}`.split('\n\n');
    buffered = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

function readEvent(block: string): ServerEvent | undefined {
  const fields = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
  const data = fields.flatMap(([, name, value = '']) => (name === 'data' ? [value] : []));
  if (data.length === 0) return undefined;
  const type = fields.find(([, name]) => name === 'event')?.[2] ?? 'message';
  return { type, data: JSON.parse(data.join('\n')) };
}

function get(
  socketPath: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath, path, headers, signal, agent: false }, resolve).on('error', reject).end();
  });
}
