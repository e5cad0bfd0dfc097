// A value that must never be printed: it shows as "[redacted]" wherever it is logged, serialised or interpolated.
import { hash } from 'node:crypto';
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Holds a password, token or key; only `reveal()` gives it back, at the one place that sends it. */
export class Secret {
  readonly #value: string;
  #digest: Buffer | undefined;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself; call it only where the value leaves for its own origin. */
  reveal(): string {
    return this.#value;
  }

  /** Its SHA-256, to compare with what somebody claims it to be; computed once. */
  digest(): Buffer {
    this.#digest ??= hash('sha256', this.#value, 'buffer');
    return this.#digest;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
