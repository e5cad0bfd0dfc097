// JFrog Artifactory: JFrog's cloud by its host, self-hosted ones by `kind: artifactory`.
// https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

const HOST = /^(?:[a-z0-9-]+\.)+jfrog\.io$/;

export const artifactory: Vendor = {
  kind: 'artifactory',
  matchesHost: (host) => HOST.test(host),
  traits: defineTraits({
    // HEAD on a manifest that is not there may answer 403: https://www.jfrog.com/jira/browse/RTFACT-13797
    manifest: { absentStatuses: [403] },
    concurrency: { start: 4, max: 16 },
  }),
};
