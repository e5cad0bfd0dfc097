// The certificates and keys of the server, read and tried before they are used.
import { createSecureContext } from 'node:tls';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import { TransshipError, messageOf } from '../../../shared/errors.ts';
import { checkCertificates } from '../../../shared/registries/certificates.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import type { TlsMaterial } from '../http/http-server.ts';

type ReadSecret = (reference: SecretReference) => Promise<Secret>;

/** Undefined where the server speaks plain HTTP. @throws TransshipError invalid-config where they cannot be read or do not fit */
export async function readTls({ api }: Config, readSecret: ReadSecret): Promise<TlsMaterial | undefined> {
  return api.tls === undefined ? undefined : readMaterial(api.tls, 'api.tls', readSecret);
}

/** The same for the address for API servers, with the authority of their certificates where they have to show some. */
export async function readAdmissionTls(
  { api: { admission } }: Config,
  readSecret: ReadSecret,
): Promise<TlsMaterial | undefined> {
  if (admission?.tls === undefined) return undefined;
  const { clientCa, ...tls } = admission.tls;
  const material = await readMaterial(tls, 'api.admission.tls', readSecret);
  if (clientCa === undefined) return material;
  const clientAuthority = (await readSecret(clientCa)).reveal();
  checkCertificates(clientAuthority, 'api.admission.tls.clientCa');
  return { ...material, clientAuthority };
}

async function readMaterial(
  tls: NonNullable<Config['api']['tls']>,
  place: string,
  readSecret: ReadSecret,
): Promise<TlsMaterial> {
  const [certificate, key] = await Promise.all([readSecret(tls.certificate), readSecret(tls.key)]);
  const material = { certificate: certificate.reveal(), key: key.reveal() };
  try {
    createSecureContext({ cert: material.certificate, key: material.key });
  } catch (error) {
    throw new TransshipError('invalid-config', `${place} cannot be used: ${messageOf(error)}`, {
      hint: 'certificate and key in PEM form, the server certificate first, and the key that belongs to it',
      cause: error,
    });
  }
  return material;
}
