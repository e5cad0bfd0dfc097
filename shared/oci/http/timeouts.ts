// How long each phase of a request may take before it is given up; every figure is a default that settings may lower or raise.

/** Milliseconds per phase. */
export type Timeouts = {
  /** DNS, TCP and TLS together. */
  connectMs: number;
  /** From the request's last byte to the response's headers. */
  responseMs: number;
  /** The same for a request that ends an upload: registries hash and move the whole blob before they answer. */
  commitMs: number;
  /** Without a single byte, in either direction, while a body is under way. */
  stallMs: number;
};

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 15_000,
  responseMs: 60_000,
  commitMs: 300_000,
  stallMs: 60_000,
};
