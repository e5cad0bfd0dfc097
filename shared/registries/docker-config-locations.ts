// Where credential files are looked for, first the one that wins.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md and https://docs.docker.com/reference/cli/docker/#environment-variables
import { join } from 'node:path';

export type CredentialFile = {
  path: string;
  /** Who asked for it; then it is an error if it does not exist. */
  askedBy?: '--authfile' | 'REGISTRY_AUTH_FILE' | 'the configuration';
};

export type LocationOptions = {
  authfile?: string;
  /** Who named that file; --authfile by default. */
  askedBy?: NonNullable<CredentialFile['askedBy']>;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
};

/**
 * The files to read for a credential, in order. A file that was asked for by name stands alone, as with podman and skopeo;
 * a Docker folder that was chosen by DOCKER_CONFIG goes before whatever podman left behind.
 */
export function credentialFiles({ authfile, askedBy, env, homeDir }: LocationOptions): CredentialFile[] {
  if (authfile !== undefined) return [{ path: authfile, askedBy: askedBy ?? '--authfile' }];
  if (isSet(env['REGISTRY_AUTH_FILE'])) return [{ path: env['REGISTRY_AUTH_FILE'], askedBy: 'REGISTRY_AUTH_FILE' }];
  const runtimeDir = isSet(env['XDG_RUNTIME_DIR']) ? env['XDG_RUNTIME_DIR'] : undefined;
  const configHome = isSet(env['XDG_CONFIG_HOME']) ? env['XDG_CONFIG_HOME'] : join(homeDir, '.config');
  const containers = [
    // Without a runtime folder (root on a server) podman writes to /run/containers/<uid>.
    ...(runtimeDir === undefined
      ? [`/run/containers/${process.getuid?.() ?? 0}/auth.json`]
      : [join(runtimeDir, 'containers/auth.json')]),
    join(configHome, 'containers/auth.json'),
  ];
  const paths = isSet(env['DOCKER_CONFIG'])
    ? [join(env['DOCKER_CONFIG'], 'config.json'), ...containers]
    : [...containers, join(homeDir, '.docker/config.json')];
  return paths.map((path) => ({ path }));
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
