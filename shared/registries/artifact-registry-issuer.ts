// Credentials of Google's registries: one access token opens every host that its identity may read.
// https://cloud.google.com/artifact-registry/docs/docker/authentication#token
import { describeGoogleIdentity, type GoogleIdentity } from '../identity/google.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { issuedCredential } from './issued-credential.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

const USERNAME = 'oauth2accesstoken';

/** Google's library is loaded when the first token is asked for. */
export function artifactRegistryIssuer(
  place: IssuerPlace,
  identity: GoogleIdentity,
  now: () => number = Date.now,
): Issuer {
  const { host, aliases } = place;
  return {
    id: `google: ${describeGoogleIdentity(identity)}`,
    hosts: [...new Set([host, ...aliases])],
    async issue({ signal } = {}) {
      const { CLOUD_PLATFORM, googleToken } = await import('../identity/google-token.ts');
      const env = await cloudEnvironment(place);
      const issued = await googleToken(identity, [CLOUD_PLATFORM], { env, now, signal });
      return issuedCredential({
        registry: host,
        username: USERNAME,
        secret: issued.token,
        expiresAt: issued.expiresAt,
        now: now(),
        identity: issued.identity,
        warnings: issued.warnings,
      });
    },
  };
}
