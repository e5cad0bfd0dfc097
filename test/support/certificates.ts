// A private certificate authority for tests, made by openssl: certificates of servers, clients and token issuers.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type KeyPair = { certificateFile: string; keyFile: string };

export type Authority = {
  caFile: string;
  ca: string;
  /** Issues a certificate for the given hosts (names or IP addresses); `name` is the subject and the name of the files. */
  issue(name: string, hosts?: readonly string[]): KeyPair;
};

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Makes an authority whose files live in `folder`, an existing folder that the caller throws away. */
export function createAuthority(folder: string, name = 'Transship test authority'): Authority {
  const file = (suffix: string) => path.join(folder, suffix);
  const caFile = file('ca.pem');
  openssl([
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    file('ca.key'),
    '-out',
    caFile,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  ]);
  return {
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    issue(subject, hosts = LOOPBACK) {
      const pair = { certificateFile: file(`${subject}.pem`), keyFile: file(`${subject}.key`) };
      const names = hosts.map((host) => (/^[\d.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`));
      const [request, extensions] = [file(`${subject}.csr`), file(`${subject}.ext`)];
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      openssl(['req', ...NEW_KEY, '-keyout', pair.keyFile, '-out', request, '-subj', `/CN=${subject}`]);
      const signing = [
        '-CA',
        caFile,
        '-CAkey',
        file('ca.key'),
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        extensions,
      ];
      openssl(['x509', '-req', '-in', request, ...signing, '-out', pair.certificateFile]);
      return pair;
    },
  };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
