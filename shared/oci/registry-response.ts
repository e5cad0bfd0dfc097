// Reads answers: whole and capped for documents, as a stream for blobs; a broken body becomes a typed error.
import type { Readable } from 'node:stream';
import { TransshipError } from '../errors.ts';
import type { Place } from './located-error.ts';
import { detailsOf, nameOf } from './located-error.ts';
import { networkError } from './http/network-errors.ts';
import type { FollowedResponse } from './http/redirects.ts';
import type { RegistryRequest, RegistryResponse } from './registry-request.ts';

type Call = Place & { url: URL };
/** An answer that nobody reads is read to here and then cut, which costs the connection. */
const MOST_DISCARDED_BYTES = 64 * 1024;

/** `prefix` reads at most that many bytes and gives the rest up, for error bodies. */
export function registryResponse(
  answer: FollowedResponse,
  request: RegistryRequest,
  registry: string,
): RegistryResponse & { prefix(capBytes: number): Promise<Uint8Array> } {
  const { repository, operation } = request;
  const place = { registry, ...(repository === undefined ? {} : { repository }), operation };
  const call = { url: answer.url, ...place };
  return {
    status: answer.status,
    headers: answer.headers,
    url: answer.url,
    body: answer.body,
    async bytes(capBytes) {
      const declared = Number(answer.headers['content-length'] ?? 0);
      if (declared > capBytes) {
        abandon(answer.body);
        throw tooLarge(call, capBytes);
      }
      return readUpTo(answer.body, capBytes, call);
    },
    async json(capBytes) {
      const bytes = await this.bytes(capBytes);
      try {
        return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
      } catch (error) {
        throw new TransshipError('invalid-response', `${nameOf(place)}: ${operation} failed: the answer is not JSON`, {
          details: place,
          hint: `is ${answer.url.host} a container registry?`,
          cause: error,
        });
      }
    },
    async prefix(capBytes) {
      try {
        return await readUpTo(answer.body, capBytes, call, 'cut');
      } catch {
        return new Uint8Array();
      }
    },
    async discard() {
      await answer.body.dump({ limit: MOST_DISCARDED_BYTES });
    },
  };
}

/** Cuts a body that nobody wants to read on. Its stream reports that as an error, which without a listener would end the process. */
export function abandon(body: Readable): void {
  body.on('error', () => undefined).destroy();
}

/** Collects a body up to a cap. @throws TransshipError invalid-response beyond it (unless `cut`), and what the network threw */
export async function readUpTo(
  body: Readable,
  capBytes: number,
  call: Call,
  beyond: 'throw' | 'cut' = 'throw',
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > capBytes) break;
    }
  } catch (error) {
    throw networkError(error, call);
  }
  if (length <= capBytes) return Buffer.concat(chunks, length);
  if (beyond === 'throw') throw tooLarge(call, capBytes);
  return Buffer.concat(chunks).subarray(0, capBytes);
}

function tooLarge(call: Call, capBytes: number): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${nameOf(call)}: ${call.operation} failed: the answer is larger than ${capBytes} bytes`,
    {
      details: { ...detailsOf(call), capBytes },
      hint: 'no registry needs an answer of that size here; it was not read further',
    },
  );
}
