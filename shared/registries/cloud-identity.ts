// Who to be at a cloud, as the configuration says it and as the clouds take it.
import type { RegistryConfig } from '../config/config.ts';
import type { ReadSecret } from './connection-material.ts';
import { secretSource } from './secret-source.ts';
import type { CloudIdentity, Vendor } from './vendor.ts';

type CredentialConfig = NonNullable<RegistryConfig['credential']>;

/** The credentials of a configuration that are identities of a cloud. */
export type CloudForm = Extract<CredentialConfig, { aws: unknown } | { google: unknown } | { azure: unknown }>;

export function cloudIdentity(credential: CloudForm, read: ReadSecret): CloudIdentity {
  if ('aws' in credential) return { aws: credential.aws };
  if ('google' in credential) {
    const { credentials, impersonate } = credential.google;
    return { google: { impersonate, ...(credentials === undefined ? {} : { file: secretSource(credentials, read) }) } };
  }
  const { clientSecret, certificate, ...rest } = credential.azure;
  return {
    azure: {
      ...rest,
      ...(clientSecret === undefined ? {} : { clientSecret: secretSource(clientSecret, read) }),
      ...(certificate === undefined ? {} : { certificate: secretSource(certificate, read) }),
    },
  };
}

export type Cloud = 'aws' | 'google' | 'azure';

/** The name of the cloud in the configuration. */
export function cloudOf(identity: CloudIdentity): Cloud {
  return 'aws' in identity ? 'aws' : 'google' in identity ? 'google' : 'azure';
}

const CLOUDS: Readonly<Record<string, Cloud>> = {
  ecr: 'aws',
  'ecr-public': 'aws',
  'artifact-registry': 'google',
  acr: 'azure',
};

/** Whether registries of this kind log in by an identity of this cloud. */
export function takesIdentityOf(cloud: Cloud, { kind, issuer }: Pick<Vendor, 'kind' | 'issuer'>): boolean {
  return issuer !== undefined && CLOUDS[kind] === cloud;
}
