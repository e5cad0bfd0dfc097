// One request as the handlers see it, and the parts of the registry they work with.
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from './access.ts';
import type { Library } from './library.ts';
import type { Announcement } from './notifications.ts';
import type { RegistryOptions } from './options.ts';
import type { UploadTable } from './upload-session.ts';

export type Exchange = {
  method: string;
  /** The URL below the path prefix. */
  url: URL;
  headers: IncomingHttpHeaders;
  /** Body length as announced; `undefined` for a chunked transfer. */
  bodyBytes: number | undefined;
  body: AsyncIterable<Uint8Array>;
  identity: Identity;
  /** Turns a path of the API into a Location value. */
  locate: (path: string) => string;
  /** Tells the notification endpoints what happened. */
  announce: (announcement: Announcement) => void;
};

export type Parts = {
  options: RegistryOptions;
  library: Library;
  uploads: UploadTable;
  now: () => number;
};
