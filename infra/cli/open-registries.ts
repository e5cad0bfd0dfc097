// Opens the way to registries with what the configuration says about them, and over it what the global options say about credentials,
// certificates and plain HTTP.
import { readFile } from 'node:fs/promises';
import { loadConfigIfAny } from '../../shared/config/config-if-any.ts';
import type { Config } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import { checkProxies } from '../../shared/oci/http/proxy.ts';
import { parseRepository } from '../../shared/oci/reference.ts';
import { resolveSecret } from '../../shared/config/secrets.ts';
import { checkCertificates } from '../../shared/registries/certificates.ts';
import {
  openConfiguredRegistries,
  type ConfiguredRegistriesOptions,
} from '../../shared/registries/configured-registries.ts';
import { readDockerConfig } from '../../shared/registries/docker-config-file.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import { printable } from '../../shared/telemetry/printable.ts';
import { secretSources } from '../host/secret-sources.ts';
import type { Context } from './context.ts';
import type { Note } from './output/note.ts';
import { packageVersion } from './package-version.ts';

/**
 * Opens the registries for one command that works without a configuration, too; the caller closes them.
 * @throws TransshipError invalid-usage, invalid-config, invalid-credential-file
 */
export async function openRegistriesFor(context: Context, onNote: (note: Note) => void): Promise<Registries> {
  const { io, globals } = context;
  const loaded = await loadConfigIfAny(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
  return openRegistriesOf(loaded?.config.registries ?? [], context, onNote);
}

/** The same with registries that are known already. @throws TransshipError invalid-usage, invalid-config, invalid-credential-file */
export async function openRegistriesOf(
  registries: Config['registries'],
  context: Context,
  onNote: (note: Note) => void,
): Promise<Registries> {
  return openConfiguredRegistries(registries, await registrySurroundings(context, onNote));
}

/** What the global options say about registries. @throws TransshipError invalid-usage, invalid-config, invalid-credential-file */
export async function registrySurroundings(
  context: Context,
  onNote: (note: Note) => void,
): Promise<ConfiguredRegistriesOptions> {
  const { io, globals } = context;
  checkProxies(io.env);
  const plainHttpHosts = (globals.plainHttp ?? []).map(readHost);
  const certificateAuthorities = await readAuthorities(context);
  // It is read when a registry asks for a login; a wrong file that was named is told even if none does.
  if (globals.authfile !== undefined) await readDockerConfig({ path: globals.authfile, askedBy: '--authfile' });
  const userAgent = `transship/${packageVersion()}`;
  const sources = secretSources(io.env, userAgent);
  return {
    ...(globals.authfile === undefined ? {} : { authfile: globals.authfile }),
    homeDir: io.homeDir,
    readSecret: (reference) => resolveSecret(reference, sources),
    certificateAuthorities,
    plainHttpHosts,
    env: io.env,
    userAgent,
    onWarning: (warning) => onNote({ type: 'warning', ...warning }),
    onRetry: (retry) => onNote({ type: 'retry', ...retry }),
  };
}

/** The texts of the files of --ca-file. @throws TransshipError invalid-config */
export function readAuthorities({ globals }: Context): Promise<string[]> {
  return Promise.all((globals.caFile ?? []).map(readCertificates));
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
  const origin = `--ca-file ${printable(path)}`;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new TransshipError('invalid-config', `${origin}: ${reasonOf(error)}`, {
      hint: 'name a file with certificates in PEM form',
    });
  });
  checkCertificates(text, origin);
  return text;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EISDIR') return 'it is a folder';
  if (error.code === 'EACCES') return 'not readable for this user';
  return error.message;
}
