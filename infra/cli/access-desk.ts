// What `transship allow` turns to, be it a server or this process.
import type { AccessOrder } from '../../functions/access/access-order.ts';
import type { AccessReport } from '../../functions/access/access-report.ts';

export type AccessDesk = {
  /** What would be done. */
  preview(order: AccessOrder): Promise<AccessReport>;
  /** @throws TransshipError invalid-usage, grant-refused */
  apply(order: AccessOrder): Promise<AccessReport>;
};
