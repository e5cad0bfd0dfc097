// What of a new configuration a running server cannot take over: where it listens, and what it keeps its data under.
import type { Config } from '../../../shared/config/config.ts';

/** The keys whose change only a restart brings. */
export function needsRestart(before: Config, after: Config): string[] {
  const changed: readonly (readonly [key: string, hasChanged: boolean])[] = [
    ['dataDir', before.dataDir !== after.dataDir],
    ['instance', before.instance !== after.instance],
    [
      'api.listen',
      before.api.listen.host !== after.api.listen.host || before.api.listen.port !== after.api.listen.port,
    ],
    ['api.trustProxy', before.api.trustProxy !== after.api.trustProxy],
    ['api.admission', JSON.stringify(addressOf(before)) !== JSON.stringify(addressOf(after))],
    ['api.tls', (before.api.tls === undefined) !== (after.api.tls === undefined)],
  ];
  return changed.filter(([, hasChanged]) => hasChanged).map(([key]) => key);
}

/** Where API servers are answered, and how they have to prove themselves. */
function addressOf({ api: { admission } }: Config): unknown {
  return [admission?.listen, admission?.tls !== undefined, admission?.tls?.clientCa !== undefined];
}
