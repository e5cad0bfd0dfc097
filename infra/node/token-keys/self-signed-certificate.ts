// Makes a certificate that a key signs for itself: the form in which registries are told which key to trust. Node reads certificates and
// makes none. https://www.rfc-editor.org/rfc/rfc5280#section-4.1
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import * as der from './der.ts';

export type CertificateTerms = {
  /** The common name. */
  name: string;
  notBefore: Date;
  notAfter: Date;
};

const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const COMMON_NAME = '2.5.4.3';
const KEY_USAGE = '2.5.29.15';
/** The first of nine bits, the others left out. */
const DIGITAL_SIGNATURE = der.bitString(Buffer.from([0x80]), 7);
const VERSION_3 = Buffer.from([2]);
const SERIAL_BYTES = 16;

/** In PEM form. @param privateKey RSA */
export function selfSignedCertificate(privateKey: KeyObject, { name, notBefore, notAfter }: CertificateTerms): string {
  const algorithm = der.sequence(der.objectIdentifier(SHA256_WITH_RSA), der.nothing());
  const subject = der.sequence(der.set(der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8Text(name))));
  const usage = der.sequence(der.objectIdentifier(KEY_USAGE), der.boolean(true), der.octetString(DIGITAL_SIGNATURE));
  const content = der.sequence(
    der.explicit(0, der.integer(VERSION_3)),
    der.integer(serialNumber()),
    algorithm,
    subject,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    subject,
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    der.explicit(3, der.sequence(usage)),
  );
  const certificate = der.sequence(content, algorithm, der.bitString(sign('sha256', content, privateKey)));
  return toPem(certificate);
}

/** Positive, and of the same length every time. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function toPem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
