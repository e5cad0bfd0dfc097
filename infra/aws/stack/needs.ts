// What a configuration needs of others.
import type { Config } from '../../../shared/config/config.ts';

export function needsOf(_config: Config) {
  return {};
}
