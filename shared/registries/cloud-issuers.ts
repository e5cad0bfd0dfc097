// Who issues the credentials of the clouds' own registries. It stands apart from the vendors: copies that log in otherwise load none of it.
import { acrIssuer } from './acr-issuer.ts';
import { artifactRegistryIssuer } from './artifact-registry-issuer.ts';
import { ecrIssuer } from './ecr-issuer.ts';
import { ecrPublicIssuer } from './ecr-public-issuer.ts';
import type { Issuer } from './issuer.ts';
import type { CloudIdentity, IssuerPlace } from './vendor.ts';

/**
 * The issuer of a registry of this kind, which loads and asks nothing before it issues; undefined where such a registry takes no
 * identity of that cloud.
 * @throws TransshipError invalid-config
 */
export function cloudIssuer(kind: string, place: IssuerPlace, identity: CloudIdentity): Issuer | undefined {
  if (kind === 'ecr' && 'aws' in identity) return ecrIssuer(place, identity.aws);
  if (kind === 'ecr-public' && 'aws' in identity) return ecrPublicIssuer(place, identity.aws);
  if (kind === 'artifact-registry' && 'google' in identity) return artifactRegistryIssuer(place, identity.google);
  if (kind === 'acr' && 'azure' in identity) return acrIssuer(place, identity.azure);
  return undefined;
}
