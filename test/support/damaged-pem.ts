// PEM texts that are not what they say: for tests of how files with certificates are read.

/** Looks like a certificate, and is not one. */
export const CERTIFICATE_WITHOUT_ITS_MIDDLE = `-----BEGIN CERTIFICATE-----
MIIBszCCAVmgAwIBAgIU
-----END CERTIFICATE-----
`;

/** Looks like a private key, and is none: it holds the word "nothing". */
export const PRIVATE_KEY_OUTLINE = [
  '-----BEGIN PRIVATE KEY-----',
  'bm90aGluZw==',
  '-----END PRIVATE KEY-----',
  '',
].join('\n');
