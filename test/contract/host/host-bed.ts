// What each part of the suite works with; there when its tests run.
import type { Host, HostSubject } from '../../support/hosts/host-subject.ts';
import type { Scene } from '../../support/hosts/scene.ts';

export type HostBed = { subject: HostSubject; host: Host; scene: Scene };
