// Reads what the configuration refers to for the connections of one registry: certificates, a private key, a proxy.
import { TransshipError } from '../errors.ts';
import { isProxyUrl } from '../oci/http/proxy.ts';
import type { ConnectionMaterial } from '../oci/registry-settings.ts';
import type { RegistryConfig, SecretReference } from '../config/config.ts';
import { Secret } from '../telemetry/secret.ts';
import { checkCertificates } from './certificates.ts';

/** Reads the secret or certificate behind a reference. @throws TransshipError invalid-config */
export type ReadSecret = (reference: SecretReference) => Promise<Secret>;

type References = Pick<RegistryConfig, 'host' | 'ca' | 'clientCertificate' | 'proxy'>;

/** Undefined where there is nothing to read; what is returned throws TransshipError invalid-config, naming the registry. */
export function connectionMaterial(
  { host, ca, clientCertificate, proxy }: References,
  read: ReadSecret,
): (() => Promise<ConnectionMaterial>) | undefined {
  if (ca === undefined && clientCertificate === undefined && proxy === undefined) return undefined;
  return async () => ({
    ...(ca === undefined ? {} : { certificateAuthorities: [await certificates(ca, `the ca of ${host}`)] }),
    ...(clientCertificate === undefined ? {} : { clientCertificate: await identity(clientCertificate) }),
    ...(proxy === undefined ? {} : { proxy: await proxyUrl(proxy) }),
  });

  async function certificates(reference: SecretReference, origin: string): Promise<string> {
    const text = (await read(reference)).reveal();
    checkCertificates(text, origin);
    return text;
  }

  async function identity({ certificate, key }: NonNullable<References['clientCertificate']>) {
    return {
      certificate: await certificates(certificate, `the client certificate of ${host}`),
      key: await read(key),
    };
  }

  async function proxyUrl(reference: string | SecretReference): Promise<Secret> {
    const url = typeof reference === 'string' ? new Secret(reference) : await read(reference);
    if (isProxyUrl(url.reveal())) return url;
    throw new TransshipError('invalid-config', `the proxy of ${host} is not the URL of a proxy`, {
      hint: 'write it like http://host:port, with %XX for special characters in a user name or password',
    });
  }
}
