// Keeps the configuration of a host that lives for hours: looks now and then whether there is another one, and takes it over as a whole.
// One that is wrong changes nothing.
//
//   nothing yet ─▶ read, prepare ─▶ holds │ wrong: nothing can be done, the next one who asks tries again
//   holds ─▶ (30 s) changed? (5 min) secrets anew ─▶ prepare ─▶ holds │ wrong: said in the log, the one before holds
//
import type { Config } from '../../../shared/config/config.ts';
import { readConfig, type ConfigText, type LoadedConfig } from '../../../shared/config/load.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { tellConfigProblems, tellConfigWarnings } from '../../host/tell-config.ts';
import type { ConfigSource } from './config-source.ts';

export type KeptConfig<Prepared> = {
  loaded: LoadedConfig;
  prepared: Prepared;
  /** Which text it was made of. */
  edition: string;
};

export type ConfigKeeper<Prepared> = {
  /** @throws where `fresh` never succeeded */
  current: () => KeptConfig<Prepared>;
  /** Looks for changes, where the last look is some time ago. @throws TransshipError where there is no good configuration at all */
  fresh: () => Promise<void>;
};

type KeeperOptions<Prepared> = {
  source: ConfigSource;
  /** Makes all of a configuration that is used, before anything of it is used. @throws TransshipError */
  prepare: (config: Config, before: Prepared | undefined) => Promise<Prepared>;
  /** Called with what holds from now on. */
  adopt?: (next: Prepared) => void;
  /** The log gets what the configuration allows and may not mean, too. */
  tellsWarnings?: true;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  logger: Logger;
};

const LOOK_EVERY_MS = 30_000;
/** Secrets that receivers prove themselves by may be rotated without a change of the text. */
const PREPARE_EVERY_MS = 5 * 60_000;

const NONE = 'there is no configuration to work with';
const KEPT = 'the configuration was not loaded: the one before still holds';

type Held<Prepared> = KeptConfig<Prepared> & { text: ConfigText; preparedAtMs: number };

export function configKeeper<Prepared>(options: KeeperOptions<Prepared>): ConfigKeeper<Prepared> {
  const { source, prepare, adopt, tellsWarnings, env, clock, logger } = options;
  let held: Held<Prepared> | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  /** What is to be prepared; undefined where all is as it was, and not old. */
  async function next(nowMs: number): Promise<{ text: ConfigText; mark: string } | undefined> {
    const changed = await source.read(held?.edition);
    if (changed !== undefined || held === undefined) return changed;
    return nowMs - held.preparedAtMs < PREPARE_EVERY_MS ? undefined : { text: held.text, mark: held.edition };
  }

  async function look(nowMs: number): Promise<void> {
    const found = await next(nowMs);
    if (found === undefined) return;
    const loaded = readConfig([found.text], { env, homeDir: '/', cwd: process.cwd() });
    const before = held;
    const prepared = await prepare(loaded.config, before?.prepared);
    held = { loaded, prepared, edition: found.mark, text: found.text, preparedAtMs: nowMs };
    adopt?.(prepared);
    if (before?.edition === found.mark) return;
    const { rules, receivers } = loaded.config;
    logger.info('configuration loaded', { rules: rules.length, receivers: receivers.length });
    if (tellsWarnings === true) tellConfigWarnings(logger, loaded);
  }

  async function lookOrKeep(nowMs: number): Promise<void> {
    try {
      await look(nowMs);
    } catch (error) {
      tellConfigProblems(logger, held === undefined ? NONE : KEPT, error);
      if (held === undefined) throw error;
    }
    lookedAtMs = nowMs;
  }

  return {
    current() {
      if (held === undefined) throw new Error('the configuration was asked for before it was read');
      return held;
    },
    fresh() {
      const nowMs = clock.now().getTime();
      if (looking === undefined && Math.abs(nowMs - lookedAtMs) < LOOK_EVERY_MS) return Promise.resolve();
      looking ??= lookOrKeep(nowMs).finally(() => (looking = undefined));
      return looking;
    },
  };
}
