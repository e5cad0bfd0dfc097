// A process that makes grants hold until it is killed. Arguments: the data folder, the address of the world, the grants as JSON, the time.
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { applyGrants } from '../../../shared/grants/reconcile.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { SCENE_CONFIG } from './grant-scene.ts';
import { worldBackends } from './world-server.ts';

const [dataDir = '', url = '', text = '[]', now = ''] = process.argv.slice(2);
const declared: PullGrant[] = JSON.parse(text);
const grants = declared.map(({ expiresAt, ...grant }) => ({
  ...grant,
  ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
}));
const clock = { ...systemClock, now: () => new Date(now) };
const store = await openSqliteStore({ dataDir, clock, ballastBytes: 4096 });
await applyGrants(
  {
    config: { ...SCENE_CONFIG, grants },
    store: store.grants,
    backendFor: worldBackends(url, () => void writeSync(1, 'writing\n')),
    clock,
    logger: silentLogger,
    actor: 'process',
    holder: `process ${process.pid}`,
  },
  { overbroad: 'skip' },
);
await store.close();
writeSync(1, 'closed\n');
