// How a command reaches the API: over a connection to a server, or, where no server runs, as an application of its own on the same
// store. Both answer the same requests.

export type ApiRequest = {
  method: 'GET' | 'POST' | 'DELETE';
  /** With its query; begins with a slash. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** JSON. */
  body?: string;
};

type ApiAnswer = { status: number; body: AsyncIterable<Uint8Array> };

export type Wire = {
  /** What is at the other end, for messages. */
  place: string;
  /** A server is there that works on jobs. */
  isServer: boolean;
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>;
  close(): Promise<void>;
};
