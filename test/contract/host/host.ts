// The contract of all hosts: the same requests, events and timers give the same answers, copies, Secrets and grants, whatever runs them.
// A new host needs a subject and one call of this; it is started once for all.
import { afterAll, beforeAll, describe } from 'vitest';
import type { Host, HostSubject } from '../../support/hosts/host-subject.ts';
import type { Scene } from '../../support/hosts/scene.ts';
import { describeApi } from './api.ts';
import { describeCallingOff } from './calling-off.ts';
import { describeClusters } from './clusters.ts';
import { describeConfiguration } from './configuration.ts';
import { describeGrants } from './grants.ts';
import type { HostBed } from './host-bed.ts';
import { describeJobs } from './jobs.ts';
import { describeMirrors } from './mirrors.ts';
import { describeReceivers } from './receivers.ts';
import { describeRegistryEvents } from './registry-events.ts';
import { describeTimers } from './timers.ts';
import { describeTokenEndpoint } from './token-endpoint.ts';

/** What only one host has to show, before and behind what all have. */
type OwnParts = (bed: () => HostBed) => { describeEnd: () => void };

/** @param scene is asked for when a test runs */
export function describeHost(subject: HostSubject, scene: () => Scene, own?: OwnParts): void {
  describe(`the ${subject.name} host`, () => {
    let host: Host;
    const bed = (): HostBed => ({ subject, host, scene: scene() });

    beforeAll(async () => {
      host = await subject.start(scene());
    }, 120_000);
    afterAll(() => host?.[Symbol.asyncDispose]());

    const ownParts = own?.(bed);
    const configured = describeConfiguration(bed);
    const called = describeCallingOff(bed);
    describeReceivers(bed);
    describeRegistryEvents(bed);
    describeMirrors(bed);
    describeJobs(bed);
    describeApi(bed);
    describeClusters(bed);
    describeGrants(bed);
    describeTokenEndpoint(bed);
    describeTimers(bed);
    called.describeEnd();
    ownParts?.describeEnd();
    configured.describeEnd();
  });
}
