// The connection that a context of a kubeconfig describes: server, certificates, and a login by token, file, program or certificate.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ApiObject } from './cluster.ts';
import type { ClientCertificate, Connection, Identity } from './connection.ts';
import { askLoginProgram, type LoginProgram } from './exec-credential.ts';
import { fieldOf, isObject } from './json-fields.ts';
import { readKubeconfig, refused, type Entry, type Kubeconfig } from './kubeconfig-files.ts';
import { rememberIdentity } from './remembered-identity.ts';
import { readServer } from './server-address.ts';

export type KubeconfigPlace = {
  /** The name of the cluster in the configuration. */
  cluster: string;
  path?: string;
  context?: string;
};

/** @param signal ends a login program that runs. @throws TransshipError invalid-config */
export async function connectByKubeconfig(
  place: KubeconfigPlace,
  { env, now, signal }: { env: NodeJS.ProcessEnv; now: () => Date; signal?: AbortSignal },
): Promise<Connection> {
  const config = await readKubeconfig(place.path, env);
  const name = place.context ?? config.currentContext;
  if (name === undefined) throw refused(config.source, 'it has no current context', 'name a context');
  const context = entryOf(config, 'contexts', name).value;
  const cluster = entryOf(config, 'clusters', requireMember(config, context, `context ${name}`, 'cluster'));
  const user = entryOf(config, 'users', requireMember(config, context, `context ${name}`, 'user'));
  const read = reader(config);

  const authority = await read.material(cluster, 'certificate-authority');
  const serverName = text(cluster.value, 'tls-server-name');
  const proxy = text(cluster.value, 'proxy-url');
  const headers = impersonation(user.value);
  const server = readServer(requireMember(config, cluster.value, `the cluster of context ${name}`, 'server'), place);
  const login = loginOf({
    user,
    cluster,
    config,
    server,
    place,
    surroundings: { env, ...(signal !== undefined && { signal }) },
  });
  const remembered = login.isRemembered ? rememberIdentity(login.ask, now) : undefined;
  return {
    server,
    ...(authority !== undefined && { certificateAuthorities: [authority] }),
    ...(serverName !== undefined && { serverName }),
    ...(cluster.value['insecure-skip-tls-verify'] === true && { isUnverified: true }),
    ...(proxy !== undefined && { proxy: new Secret(proxy) }),
    ...(headers !== undefined && { headers }),
    identity: remembered?.identity ?? login.ask,
    forget: remembered?.forget ?? (() => undefined),
    hint: `does it work by hand? kubectl --context ${printable(name, 100)} auth whoami`,
  };
}

type Login = { ask: () => Promise<Identity>; isRemembered: boolean };

type LoginParts = {
  user: Entry;
  cluster: Entry;
  config: Kubeconfig;
  server: URL;
  place: KubeconfigPlace;
  surroundings: { env: NodeJS.ProcessEnv; signal?: AbortSignal };
};

/** As kubectl chooses: a program or provider where there is one, then the file with a token, the token, and name and password. */
function loginOf({ user, cluster, config, server, place, surroundings }: LoginParts): Login {
  const read = reader(config);
  const exec = fieldOf(user.value, 'exec');
  if (isObject(exec)) {
    const program = loginProgram(exec, user, cluster, server, config);
    return { ask: () => askLoginProgram(program, { cluster: place.cluster, ...surroundings }), isRemembered: true };
  }
  const provider = fieldOf(user.value, 'auth-provider');
  if (isObject(provider)) {
    const ask = async (): Promise<Identity> => {
      const { askAuthProvider } = await import('./auth-provider.ts');
      return askAuthProvider(provider, server, place.cluster);
    };
    return { ask, isRemembered: false };
  }
  // files are read anew at each request: whoever renews them need tell nobody
  const ask = async (): Promise<Identity> => {
    const tokenFile = text(user.value, 'tokenFile');
    const token = tokenFile === undefined ? undefined : await read.file(path.resolve(user.folder, tokenFile));
    const authorization = authorizationOf(user.value, token?.trim());
    const clientCertificate = await read.clientCertificate(user);
    return {
      ...(authorization !== undefined && { authorization }),
      ...(clientCertificate !== undefined && { clientCertificate }),
    };
  };
  return { ask, isRemembered: false };
}

function authorizationOf(user: ApiObject, tokenOfFile: string | undefined): Secret | undefined {
  const token = tokenOfFile ?? text(user, 'token');
  if (token !== undefined) return new Secret(`Bearer ${token}`);
  const [username, password] = [text(user, 'username'), text(user, 'password')];
  if (username === undefined) return undefined;
  return new Secret(`Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`);
}

function loginProgram(exec: ApiObject, user: Entry, cluster: Entry, server: URL, { source }: Kubeconfig): LoginProgram {
  const [command, apiVersion, installHint] = ['command', 'apiVersion', 'installHint'].map((name) => text(exec, name));
  if (command === undefined || apiVersion === undefined) {
    throw refused(source, 'its exec has no command or no apiVersion', 'kubectl config view shows it');
  }
  if (text(exec, 'interactiveMode') === 'Always') {
    throw refused(source, 'its login program wants somebody to talk to', 'use a token, or a program that asks nobody');
  }
  const [args, env] = [fieldOf(exec, 'args') ?? [], fieldOf(exec, 'env') ?? []];
  if (!Array.isArray(args) || !Array.isArray(env)) {
    throw refused(source, 'args or env of its exec is not a list', 'kubectl config view shows it');
  }
  return {
    // a name is looked for on the PATH, a path is relative to the kubeconfig
    command: command.includes(path.sep) ? path.resolve(user.folder, command) : command,
    args: args.map(String),
    env: Object.fromEntries(
      env.filter(isObject).map((entry): [string, string] => [text(entry, 'name') ?? '', text(entry, 'value') ?? '']),
    ),
    apiVersion,
    ...(installHint !== undefined && { installHint }),
    ...(exec['provideClusterInfo'] === true && { cluster: { ...cluster.value, server: server.href } }),
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation(user: ApiObject): Record<string, string | string[]> | undefined {
  const name = text(user, 'as');
  if (name === undefined) return undefined;
  const [uid, groups, extra] = [text(user, 'as-uid'), fieldOf(user, 'as-groups'), fieldOf(user, 'as-user-extra')];
  const extras = isObject(extra) ? Object.entries(extra) : [];
  return {
    'impersonate-user': name,
    ...(uid !== undefined && { 'impersonate-uid': uid }),
    ...(Array.isArray(groups) && groups.length > 0 && { 'impersonate-group': groups.map(String) }),
    ...Object.fromEntries(
      extras
        .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
        .map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, values.map(String)]),
    ),
  };
}

function reader({ source }: Kubeconfig) {
  async function file(name: string): Promise<string> {
    try {
      return await readFile(name, 'utf8');
    } catch (error) {
      throw refused(source, `a file that it names cannot be read: ${messageOf(error)}`, 'check name and rights');
    }
  }
  /** What stands in the file itself, in base64, goes before what it names. */
  async function material({ value, folder }: Entry, name: string): Promise<string | undefined> {
    const data = text(value, `${name}-data`);
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const named = text(value, name);
    return named === undefined ? undefined : file(path.resolve(folder, named));
  }
  return {
    file,
    material,
    async clientCertificate(user: Entry): Promise<ClientCertificate | undefined> {
      const certificate = await material(user, 'client-certificate');
      const key = await material(user, 'client-key');
      if (certificate === undefined && key === undefined) return undefined;
      if (certificate !== undefined && key !== undefined) return { certificate, key: new Secret(key) };
      throw refused(source, 'it has a client certificate without a key, or the other way round', 'give both');
    },
  };
}

function entryOf(config: Kubeconfig, list: 'contexts' | 'clusters' | 'users', name: string): Entry {
  const entry = config[list].get(name);
  if (entry !== undefined) return entry;
  const names = [...config[list].keys()].slice(0, 10).map((one) => printable(one, 100));
  throw refused(
    config.source,
    `${printable(name, 100)} is none of its ${list}`,
    names.length === 0 ? `it has no ${list}` : `its ${list} are ${names.join(', ')}`,
  );
}

function requireMember({ source }: Kubeconfig, object: ApiObject, what: string, name: string): string {
  const value = text(object, name);
  if (value !== undefined) return value;
  throw refused(source, `${printable(what, 100)} has no ${name}`, 'kubectl config view shows it');
}

function text(object: ApiObject, name: string): string | undefined {
  const value = fieldOf(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
