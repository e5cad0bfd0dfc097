// Asks a helper program (`docker-credential-<name> get`) for a credential. What the program prints may hold a secret, so that
// no error repeats it. https://github.com/docker/docker-credential-helpers#development
import { spawn } from 'node:child_process';
import { TransshipError } from '../errors.ts';
import type { Credential } from '../oci/auth/credential.ts';
import { Secret } from '../telemetry/secret.ts';

const NAME = /^[a-zA-Z0-9._-]+$/;
const OUTPUT_CAP_BYTES = 64 * 1024;
const NOT_FOUND = 'credentials not found in native keychain';
/** The user name by which a helper says that its secret is an identity token. */
const TOKEN_USER = '<token>';

export type HelperOptions = {
  /** The environment of the program; its PATH is where the program is looked for. */
  env: Readonly<Record<string, string | undefined>>;
  timeoutMs?: number;
};

type Outcome = { exitCode: number | null; signal: string | null; stdout: string; stderr: string };

/**
 * The credential that the helper keeps for a server, or undefined if it keeps none.
 * @throws TransshipError credential-helper-failed
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credential | undefined> {
  if (!NAME.test(name)) {
    throw failed(name, 'is not a valid name', 'credsStore and credHelpers take what follows "docker-credential-"');
  }
  const outcome = await run(name, server, options);
  if (outcome.exitCode === 0) return parseAnswer(name, outcome.stdout);
  if ([outcome.stdout, outcome.stderr].some((text) => text.trim() === NOT_FOUND)) return undefined;
  const end = outcome.signal === null ? `exit code ${outcome.exitCode}` : `signal ${outcome.signal}`;
  throw failed(name, `failed for ${server} (${end})`, tryByHand(name, server));
}

function run(name: string, server: string, { env, timeoutMs = 30_000 }: HelperOptions): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const child = spawn(`docker-credential-${name}`, ['get'], { env: { ...env }, shell: false, windowsHide: true });
  const giveUp = (error: TransshipError): void => {
    child.kill('SIGKILL');
    // A grandchild may hold the pipes open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
    reject(error);
  };
  const timer = setTimeout(() => {
    giveUp(failed(name, `gave no answer within ${timeoutMs} ms`, tryByHand(name, server)));
  }, timeoutMs);

  const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  let sizeBytes = 0;
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > OUTPUT_CAP_BYTES) giveUp(failed(name, 'printed more than 64 KiB', tryByHand(name, server)));
      else chunks[stream].push(chunk);
    });
  }
  child.on('error', (cause: NodeJS.ErrnoException) => {
    giveUp(cannotStart(name, cause));
  });
  child.on('close', (exitCode, signal) => {
    resolve({ exitCode, signal, stdout: textOf(chunks.stdout), stderr: textOf(chunks.stderr) });
  });
  // A helper that does not read its input is no failure by itself.
  child.stdin.on('error', () => undefined);
  child.stdin.end(server);
  return promise.finally(() => {
    clearTimeout(timer);
  });
}

function textOf(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer(name: string, text: string): Credential | undefined {
  const answer = parseJson(text);
  if (typeof answer !== 'object' || answer === null) throw unusable(name, 'an answer that is not a JSON object');
  const username = 'Username' in answer ? answer.Username : '';
  const secret = 'Secret' in answer ? answer.Secret : '';
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw unusable(name, 'a Username or Secret that is no string');
  if (username === '' && secret === '') return undefined;
  if (username === TOKEN_USER) return { kind: 'identityToken', token: new Secret(secret) };
  if (username === '') throw unusable(name, 'a Secret without a Username');
  return { kind: 'basic', username, password: new Secret(secret) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(name: string, what: string): TransshipError {
  return failed(name, `gave ${what}`, 'install a version that speaks the docker-credential-helpers protocol');
}

function cannotStart(name: string, cause: NodeJS.ErrnoException): TransshipError {
  if (cause.code !== 'ENOENT')
    return failed(name, `cannot be started (${cause.code ?? 'unknown reason'})`, 'make it executable');
  return failed(
    name,
    'is not on the PATH',
    `install docker-credential-${name}, or remove "${name}" from credsStore and credHelpers`,
  );
}

function tryByHand(name: string, server: string): string {
  return `see what it says: echo ${server} | docker-credential-${name} get`;
}

function failed(name: string, problem: string, hint: string): TransshipError {
  // An unusual name is quoted like JSON, so that it cannot forge a line of output.
  const shown = NAME.test(name) ? `docker-credential-${name}` : JSON.stringify(name);
  return new TransshipError('credential-helper-failed', `credential helper ${shown} ${problem}`, {
    hint,
    details: { operation: 'read credentials' },
  });
}
