// The keys that sign the tokens of registries: read from PEM texts, and checked before a registry has to find out.
import { createPrivateKey, createPublicKey, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { messageOf, TransshipError } from '../../shared/errors.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

export type TokenKeyPair = {
  /** PEM; with those between it and the one that the registry trusts behind it. */
  certificate: string;
  /** PEM. */
  key: Secret;
  /** For messages: `tokenEndpoint.keys[0]`, or a file. */
  origin: string;
};

export type TokenKey = {
  /** The thumbprint of the public key. https://www.rfc-editor.org/rfc/rfc7638 */
  id: string;
  algorithm: 'RS256' | 'ES256';
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** In PEM form, the key's own first. */
  certificates: readonly string[];
  /** DER in base64, as `x5c` has them. */
  chain: readonly string[];
};

export type TokenKeys = {
  signing: TokenKey;
  /** Registries are to trust these, the signing one among them. */
  trusted: readonly TokenKey[];
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const LEAST_RSA_BITS = 2048;
const HINT = 'give a certificate in PEM form and its private key: RSA of 2048 bits or more, or P-256';

/** @param index of the pair that signs. @throws TransshipError invalid-config where a pair cannot be used */
export function openTokenKeys(pairs: readonly TokenKeyPair[], index: number, now: Date): TokenKeys {
  const trusted = pairs.map((pair) => readKey(pair));
  const signing = trusted[index];
  if (signing === undefined) throw new Error(`there is no pair ${index} among ${pairs.length}`);
  assertCurrent(signing, pairs[index]?.origin ?? '', now);
  return { signing, trusted };
}

/** As `rootcertbundle` of a registry has them: every certificate once. */
export function certificateBundle({ trusted }: Pick<TokenKeys, 'trusted'>): string {
  return [...new Set(trusted.flatMap(({ certificates }) => certificates))].map((pem) => `${pem}\n`).join('');
}

function readKey({ certificate, key, origin }: TokenKeyPair): TokenKey {
  const certificates = (certificate.match(CERTIFICATE) ?? []).map((pem) =>
    parsed(origin, () => new X509Certificate(pem)),
  );
  const [own] = certificates;
  if (own === undefined) throw unusable(origin, 'there is no certificate in it');
  const privateKey = parsed(origin, () => createPrivateKey(key.reveal()));
  if (!own.checkPrivateKey(privateKey)) throw unusable(origin, 'the key is not that of the certificate');
  const publicKey = createPublicKey(privateKey);
  return {
    id: thumbprint(publicKey),
    algorithm: algorithmOf(privateKey, origin),
    privateKey,
    publicKey,
    certificates: certificates.map((one) => one.toString().trim()),
    chain: certificates.map(({ raw }) => raw.toString('base64')),
  };
}

/** What both generations of distribution take without being told. */
function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, origin: string): TokenKey['algorithm'] {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_RSA_BITS) return 'RS256';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw unusable(origin, 'registries take no token that is signed by a key of this kind');
}

function thumbprint(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  // members in this order, and no others; what is not there falls away
  return hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url');
}

/** A registry looks at the dates of a certificate whenever it is shown a token. */
function assertCurrent({ certificates: [pem = ''] }: TokenKey, origin: string, now: Date): void {
  const { validFromDate, validToDate, validTo } = new X509Certificate(pem);
  if (now < validFromDate) throw unusable(origin, `its certificate is not good before ${validFromDate.toISOString()}`);
  if (now > validToDate) throw unusable(origin, `its certificate ended ${validTo}`, 'put a newer pair first');
}

function parsed<Value>(origin: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    // of a key nothing is repeated: messages of OpenSSL have none of it
    throw unusable(origin, messageOf(error));
  }
}

function unusable(origin: string, why: string, hint = HINT): TransshipError {
  return new TransshipError('invalid-config', `the key of the token endpoint in ${origin} cannot be used: ${why}`, {
    hint,
  });
}
