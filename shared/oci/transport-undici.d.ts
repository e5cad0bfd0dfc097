// Types for the two modules of undici that the transport imports by path: the package's index loads fetch, WebSocket and
// caches too, which costs every short-lived command 100 ms and 14 MB. The package has no `exports` map, its version is
// pinned exactly, and test/unit/oci/transport.test.ts fails if these paths ever change.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';
  const constructor: typeof Pool;
  export default constructor;
}
declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';
  function request(this: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
  export default request;
}
