// Who to be at a cloud, as the configuration says it and as the clouds take it.
import type { RegistryConfig } from '../config/config.ts';
import type { ReadSecret } from './connection-material.ts';
import { secretSource } from './secret-source.ts';
import type { Cloud, CloudIdentity } from './vendor.ts';

type CredentialConfig = NonNullable<RegistryConfig['credential']>;

/** The credentials of a configuration that are identities of a cloud. */
export type CloudForm = Extract<CredentialConfig, { aws: unknown } | { google: unknown } | { azure: unknown }>;

export function cloudIdentity(credential: CloudForm, read: ReadSecret): CloudIdentity {
  if ('aws' in credential) return { aws: credential.aws };
  if ('google' in credential) {
    const { credentials, impersonate } = credential.google;
    return { google: { impersonate, ...(credentials === undefined ? {} : { file: secretSource(credentials, read) }) } };
  }
  const { clientSecret, certificate, subscription: _, ...rest } = credential.azure;
  return {
    azure: {
      ...rest,
      ...(clientSecret === undefined ? {} : { clientSecret: secretSource(clientSecret, read) }),
      ...(certificate === undefined ? {} : { certificate: secretSource(certificate, read) }),
    },
  };
}

export function cloudOf(identity: CloudIdentity): Cloud {
  return 'aws' in identity ? 'aws' : 'google' in identity ? 'google' : 'azure';
}
