// A value that must never be printed: it shows as "[redacted]" wherever it is logged, serialised or interpolated.
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Holds a password, token or key; only `reveal()` gives it back, at the one place that sends it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself; call it only where the value leaves for its own origin. */
  reveal(): string {
    return this.#value;
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
