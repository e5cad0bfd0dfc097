// Where the certificates of the token endpoint's own keys are: what `rootcertbundle` of a registry names.
import path from 'node:path';

export function certificatesFile(dataDir: string): string {
  return path.join(dataDir, 'token', 'certificates.pem');
}
