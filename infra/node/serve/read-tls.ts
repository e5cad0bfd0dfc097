// The certificate and key of the server, read and tried before they are used.
import { createSecureContext } from 'node:tls';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import { TransshipError, messageOf } from '../../../shared/errors.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import type { TlsMaterial } from '../http/http-server.ts';

/** Undefined where the server speaks plain HTTP. @throws TransshipError invalid-config where they cannot be read or do not fit */
export async function readTls(
  { api }: Config,
  readSecret: (reference: SecretReference) => Promise<Secret>,
): Promise<TlsMaterial | undefined> {
  if (api.tls === undefined) return undefined;
  const [certificate, key] = await Promise.all([readSecret(api.tls.certificate), readSecret(api.tls.key)]);
  const material = { certificate: certificate.reveal(), key: key.reveal() };
  try {
    createSecureContext({ cert: material.certificate, key: material.key });
  } catch (error) {
    throw new TransshipError('invalid-config', `api.tls cannot be used: ${messageOf(error)}`, {
      hint: 'certificate and key in PEM form, the server certificate first, and the key that belongs to it',
      cause: error,
    });
  }
  return material;
}
