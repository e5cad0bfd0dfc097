// The log as the rooms see it: lines with a fixed message and fields. How and where they are written is the host's business.

/** Names as in docs/serve.md; never a secret, an image's content or a body that somebody sent. */
export type LogFields = Readonly<Record<string, unknown>>;

export type Logger = {
  /** `message` is the same text every time; what differs stands in the fields. */
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line of it has. */
  with(fields: LogFields): Logger;
};

/** For tests and for commands that tell nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};
