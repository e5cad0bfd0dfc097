// Where the credentials of this machine's user come from: given ones first, then credential files and the helper programs that
// they name. Nothing is read or run before a request to a registry needs it, and each file and helper only once.
import { type Credential, type CredentialSource, anonymous } from '../oci/auth/credential.ts';
import { type DockerConfig, readDockerConfig } from './docker-config-file.ts';
import { type LocationOptions, credentialFiles } from './docker-config-locations.ts';
import { credentialHost, entryFor, helperFor, serverUrl } from './docker-config-lookup.ts';
import { isSameCredential } from './same-credential.ts';

export type CredentialSourceOptions = LocationOptions & {
  /** Credentials by `host[:port]`; they win over every file. */
  static?: Readonly<Record<string, Credential>>;
  helperTimeoutMs?: number;
};

/** What was read or asked already, as promises: whoever comes while the work goes on waits for the same. */
type Memory = {
  files: Map<string, Promise<DockerConfig | undefined>>;
  helpers: Map<string, Promise<Credential | undefined>>;
};

/**
 * The credential source of a command line. Told that a registry refused a credential that it would give again, it forgets
 * what it read and looks anew.
 * The source throws TransshipError invalid-credential-file or credential-helper-failed.
 */
export function credentialSource(options: CredentialSourceOptions): CredentialSource {
  const given = new Map(
    Object.entries(options.static ?? {}).map(([host, credential]) => [credentialHost(host), credential]),
  );
  let memory = emptyMemory();

  return async ({ registry, repository, refused }) => {
    const fixed = given.get(credentialHost(registry));
    if (fixed !== undefined) return fixed;
    const used = memory;
    const found = await search(options, used, registry, repository);
    if (refused === undefined || !isSameCredential(found, refused)) return found;
    // Of many requests that were refused together, the first one forgets; the others wait for what it finds.
    if (memory === used) memory = emptyMemory();
    return search(options, memory, registry, repository);
  };
}

function emptyMemory(): Memory {
  return { files: new Map(), helpers: new Map() };
}

async function search(
  options: CredentialSourceOptions,
  memory: Memory,
  registry: string,
  repository: string | undefined,
): Promise<Credential> {
  for (const file of credentialFiles(options)) {
    const config = await once(memory.files, file.path, () => readDockerConfig(file));
    if (config === undefined) continue;
    const helper = helperFor(config, registry);
    // As in Docker, entries of the same file are not looked at where a helper keeps the credentials.
    const found =
      helper === undefined
        ? entryFor(config, registry, repository)
        : await askOnce(options, memory, helper, serverUrl(registry));
    if (found !== undefined) return found;
  }
  return anonymous;
}

function askOnce(
  { env, helperTimeoutMs }: CredentialSourceOptions,
  memory: Memory,
  helper: string,
  server: string,
): Promise<Credential | undefined> {
  return once(memory.helpers, `${helper} ${server}`, async () => {
    // Loaded when the first helper is named: most runs need no child process.
    const { askCredentialHelper } = await import('./credential-helper.ts');
    return askCredentialHelper(helper, server, {
      env,
      ...(helperTimeoutMs === undefined ? {} : { timeoutMs: helperTimeoutMs }),
    });
  });
}

/** Does the work for a key once; a failure is not remembered. */
function once<Value>(known: Map<string, Promise<Value>>, key: string, work: () => Promise<Value>): Promise<Value> {
  const running = known.get(key);
  if (running !== undefined) return running;
  const started = work();
  known.set(key, started);
  started.catch(() => known.delete(key));
  return started;
}
