// Reads the body of a request up to a limit, and not a byte more than it takes to know that it is longer.
import { Refusal } from './problem.ts';

/**
 * The whole body; undefined as soon as it has more than `limitBytes`. The rest is not read.
 * @throws Refusal 400 where the client went in the middle of it
 */
export async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array | undefined> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > limitBytes) return undefined;
  try {
    // the host lets no body be longer than it announced; to read it in one piece costs half as much
    if (announced !== null && request.headers.get('transfer-encoding') === null) {
      const whole = new Uint8Array(await request.arrayBuffer());
      return whole.byteLength > limitBytes ? undefined : whole;
    }
    return await readChunks(request.body, limitBytes);
  } catch {
    throw new Refusal({ status: 400, code: 'invalid-request', detail: 'the body was cut off' });
  }
}

async function readChunks(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}
