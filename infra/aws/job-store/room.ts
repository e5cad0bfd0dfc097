// How many more jobs may work with the hosts of a job: counted from those that run.
import type { Room } from '../../../shared/jobs/job-store.ts';
import { text, type Item } from '../dynamo/attributes.ts';

export type Running = {
  hasRoom(item: Item): boolean;
  isBusy(item: Item): boolean;
  starts(item: Item): void;
};

export function countRunning(kind: string, room: Room | undefined, running: readonly Item[]): Running {
  const byRoute = new Map<string, number>();
  const byHost = new Map<string, number>();
  const busy = new Set<string>();

  function starts(item: Item): void {
    for (const target of list(item, 'targets')) busy.add(target);
    if (text(item, 'kind') !== kind) return;
    const route = text(item, 'hosts');
    byRoute.set(route, (byRoute.get(route) ?? 0) + 1);
    for (const host of list(item, 'hosts')) byHost.set(host, (byHost.get(host) ?? 0) + 1);
  }

  for (const item of running) starts(item);
  return {
    starts,
    isBusy: (item) => list(item, 'targets').some((target) => busy.has(target)),
    hasRoom(item) {
      const hosts = list(item, 'hosts');
      if (room === undefined || hosts.length === 0) return true;
      if ((byRoute.get(text(item, 'hosts')) ?? 0) >= room.perRoute) return false;
      return hosts.every((host) => (byHost.get(host) ?? 0) < room.perHost);
    },
  };
}

function list(item: Item, name: string): readonly string[] {
  return JSON.parse(text(item, name));
}
