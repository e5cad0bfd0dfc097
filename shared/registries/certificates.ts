// Checks that a text holds certificates, so that a wrong file is told before a handshake fails for reasons that say nothing.
import { X509Certificate } from 'node:crypto';
import { messageOf, TransshipError } from '../errors.ts';

/**
 * Throws unless the text holds at least one certificate in PEM form, and only sound ones.
 * @param origin where the text is from, in words for the message
 * @throws TransshipError invalid-config
 */
export function checkCertificates(text: string, origin: string): void {
  const invalid = (reason: string, hint: string) =>
    new TransshipError('invalid-config', `${origin}: ${reason}`, { hint });
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
    throw invalid(
      key ? 'it holds a private key instead of certificates' : 'there is no certificate in it',
      key
        ? 'name the file with the certificate of the authority'
        : 'convert it to PEM: openssl x509 -inform der -in FILE',
    );
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      parseCertificate(certificate);
    } catch (error) {
      throw invalid(`certificate ${index + 1} is damaged: ${messageOf(error)}`, 'export it again from where it came');
    }
  }
}

function parseCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem);
}
