// Objects of a cluster as the distribution sees them.
import type { ServiceAccount } from '../cluster/service-accounts.ts';
import type { SecretMetadata, WholeSecret } from '../cluster/secrets.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ObservedSecret, ObservedServiceAccount } from './observed.ts';

/** What the kubelet reads. https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets */
export const PULL_SECRET_TYPE = 'kubernetes.io/dockerconfigjson';
export const PULL_SECRET_KEY = '.dockerconfigjson';

export function toServiceAccount({
  name,
  uid,
  resourceVersion,
  labels,
  imagePullSecrets,
}: ServiceAccount): ObservedServiceAccount {
  return { name, uid, resourceVersion, labels, imagePullSecrets };
}

/** Without its content. */
export function toSecretHead({ name, uid, resourceVersion, labels, annotations }: SecretMetadata): ObservedSecret {
  return { name, uid, resourceVersion, labels, annotations };
}

export function toSecret(secret: WholeSecret): ObservedSecret {
  const { type, isImmutable } = secret;
  const hasOtherKeys = secret.keys.some((key) => key !== PULL_SECRET_KEY);
  const dockerConfig = dockerConfigOf(secret);
  return {
    ...toSecretHead(secret),
    content: { type, isImmutable, hasOtherKeys, ...(dockerConfig === undefined ? {} : { dockerConfig }) },
  };
}

/** A Secret of the type always has the key: where it is not there, it could not be read as text. */
function dockerConfigOf({ type, data }: WholeSecret): Secret | undefined {
  return data.get(PULL_SECRET_KEY) ?? (type === PULL_SECRET_TYPE ? new Secret('\uFFFD') : undefined);
}
