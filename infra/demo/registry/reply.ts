// What a handler gives back: a reply as plain data, sent (and possibly spoiled) by send-reply.ts, or a refusal in the error format of the specification.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes

/** A body that is streamed; `close` frees what it holds, read or not. */
export type StreamBody = {
  sizeBytes: number;
  chunks: AsyncIterable<Uint8Array>;
  close: () => Promise<void>;
};

export type Reply = {
  status: number;
  headers?: Record<string, string | readonly string[]>;
  body?: Uint8Array | StreamBody;
};

export type Refusal = Error & { reply: Reply };

/** Makes an error that is thrown to answer a request with `{errors: [{code, message}]}`. */
export function refusal(status: number, code: string, message: string, headers: Reply['headers'] = {}): Refusal {
  return Object.assign(new Error(message), { reply: errorReply(status, [{ code, message }], headers) });
}

/** An error reply that names several failures. */
export function errorReply(
  status: number,
  errors: readonly { code: string; message: string; detail?: unknown }[],
  headers: Reply['headers'] = {},
): Reply {
  return jsonReply(status, { errors }, headers);
}

export function jsonReply(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** True for what `refusal` made. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'reply' in error;
}
