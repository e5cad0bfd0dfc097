// What a proxy did to a connection, as an error that passes through the libraries of the clouds: of an error these keep the code, some
// the message, few the cause. Nothing of the proxy's login is in it.

/** `PROXY_407`, or `PROXY_` and the code of the system. */
const CODE = /^PROXY_([A-Z0-9_]+)$/;

export function proxyFailure(proxy: URL, reason: number | string): Error {
  const code = `PROXY_${reason}`;
  return Object.assign(new Error(`the proxy ${proxy.host}: ${describe(String(reason))}`), { code });
}

/** What is to be told of an error that a proxy is behind, and what to do about it; undefined where none is. */
export function proxyTrouble(error: unknown): { reason: string; hint: string } | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    const [, reason] = CODE.exec('code' in current ? String(current.code) : '') ?? [];
    if (reason !== undefined)
      return { reason: sentenceOf(current) ?? `the proxy: ${describe(reason)}`, hint: hintFor(reason) };
    current = current.cause;
  }
  return undefined;
}

/** Which proxy it was, where a library put its own words around ours. */
function sentenceOf({ message }: Error): string | undefined {
  return /the proxy [\w.:[\]-]+: [\w ]+$/.exec(message)?.[0];
}

function describe(reason: string): string {
  if (/^\d+$/.test(reason)) return `it answered ${reason} instead of opening a tunnel`;
  if (reason === 'ECONNREFUSED') return 'connection refused';
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return 'no such host';
  if (reason === 'ETIMEDOUT') return 'it did not open a tunnel in time';
  if (reason === 'LOGIN') return 'it does not take this login';
  return `it cannot be used ${reason}`;
}

function hintFor(reason: string): string {
  if (reason === '407' || reason === 'LOGIN') {
    return 'the proxy wants a login: write it into HTTPS_PROXY or HTTP_PROXY, as http://user:password@host:port';
  }
  return 'look at HTTPS_PROXY or HTTP_PROXY, or name hosts that are reached without the proxy in NO_PROXY';
}
