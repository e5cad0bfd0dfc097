// What the operations of the store share.
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { AgeOrder } from '../dynamo/age-order.ts';
import type { TableAccess } from '../dynamo/table-access.ts';
import type { WakeWorkers } from './wake-workers.ts';

export type StoreContext = {
  table: TableAccess;
  clock: Clock;
  /** The name of this process on the leases it holds. */
  owner: string;
  order: AgeOrder;
  wake: WakeWorkers;
  random: () => number;
};
