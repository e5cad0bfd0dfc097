// Opens the way to registries with what the global options say about credentials, certificates and plain HTTP.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, TransshipError } from '../../shared/errors.ts';
import { checkProxies } from '../../shared/oci/proxy.ts';
import { parseRepository } from '../../shared/oci/reference.ts';
import { credentialSource } from '../../shared/registries/credentials.ts';
import { readDockerConfig } from '../../shared/registries/docker-config-file.ts';
import { openRegistries, type Registries } from '../../shared/registries/registries.ts';
import { printable } from '../../shared/telemetry/printable.ts';
import type { Context } from './context.ts';
import type { Note } from './output/note.ts';
import { packageVersion } from './package-version.ts';

/** Opens the registries for one command; the caller closes them. @throws TransshipError invalid-usage, invalid-config, invalid-credential-file */
export async function openRegistriesFor({ io, globals }: Context, onNote: (note: Note) => void): Promise<Registries> {
  checkProxies(io.env);
  const plainHttpHosts = (globals.plainHttp ?? []).map(readHost);
  const certificateAuthorities = await Promise.all((globals.caFile ?? []).map(readCertificates));
  // It is read when a registry asks for a login; a wrong file that was named is told even if none does.
  if (globals.authfile !== undefined) await readDockerConfig({ path: globals.authfile, askedBy: '--authfile' });
  const credentials = credentialSource({
    ...(globals.authfile === undefined ? {} : { authfile: globals.authfile }),
    env: io.env,
    homeDir: io.homeDir,
  });
  return openRegistries({
    credentials,
    certificateAuthorities,
    plainHttpHosts,
    env: io.env,
    userAgent: `transship/${packageVersion()}`,
    onWarning: (warning) => onNote({ type: 'warning', ...warning }),
    onRetry: (retry) => onNote({ type: 'retry', ...retry }),
  });
}

/** A registry as references name it. @throws TransshipError invalid-usage */
function readHost(text: string): string {
  const hint = 'write it as in references: host, host:port or [IPv6]:port';
  const invalid = (reason: string) =>
    new TransshipError('invalid-usage', `--plain-http "${printable(text)}" ${reason}`, { hint });
  if (/^[a-z]+:\/\//i.test(text)) throw invalid('is a URL, not a host');
  if (text === '' || text.includes('/') || text.includes('@')) throw invalid('is not a host');
  const { registry, repository } = parseRepository(`${text}/x`);
  // without a dot, a port or "localhost" it would be read as a part of a name on Docker Hub
  if (repository !== 'x' && registry === 'docker.io' && text !== 'docker.io')
    throw invalid('is not a host that a reference can name');
  return registry;
}

/** The text of a file with certificates. @throws TransshipError invalid-config */
async function readCertificates(path: string): Promise<string> {
  const invalid = (reason: string, hint: string) =>
    new TransshipError('invalid-config', `--ca-file ${printable(path)}: ${reason}`, { hint });
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(reasonOf(error), 'name a file with certificates in PEM form');
  });
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
  return text;
}

function parseCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EISDIR') return 'it is a folder';
  if (error.code === 'EACCES') return 'not readable for this user';
  return error.message;
}
