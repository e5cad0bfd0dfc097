// Logs in by the program that a kubeconfig names (`aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin`). What it prints may hold a
// secret, so that errors repeat only what its form shows to be none.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
import { execFile } from 'node:child_process';
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { redactText } from '../telemetry/redact-text.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ApiObject } from './cluster.ts';
import type { Identity } from './connection.ts';
import { fieldOf, isObject } from './json-fields.ts';

export type LoginProgram = {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** `client.authentication.k8s.io/v1` or `/v1beta1`. */
  apiVersion: string;
  /** Told by the kubeconfig, for who has not got the program. */
  installHint?: string;
  /** What the program gets to know of the cluster, where it wants to. */
  cluster?: ApiObject;
};

export type LoginPlace = {
  /** As the configuration calls it. */
  cluster: string;
  env: NodeJS.ProcessEnv;
  timeoutMs?: number;
  /** Ends the program: nobody needs its answer any more. */
  signal?: AbortSignal;
};

const MOST_BYTES = 1024 * 1024;

/** @throws TransshipError credential-helper-failed */
export async function askLoginProgram(program: LoginProgram, place: LoginPlace): Promise<Identity> {
  const output = await run(program, place);
  const status = readStatus(output, program, place);
  const [token, certificate, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((name) =>
    textOf(status, name),
  );
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw failed(program, place, 'gave neither a token nor a client certificate with its key');
  }
  const expiresAt = new Date(textOf(status, 'expirationTimestamp') ?? NaN);
  return {
    ...(token !== undefined && { authorization: new Secret(`Bearer ${token}`) }),
    ...(certificate !== undefined && key !== undefined && { clientCertificate: { certificate, key: new Secret(key) } }),
    ...(!Number.isNaN(expiresAt.getTime()) && { expiresAt }),
  };
}

function run(program: LoginProgram, place: LoginPlace): Promise<string> {
  const { command, args, apiVersion, cluster } = program;
  const spec = { interactive: false, ...(cluster !== undefined && { cluster }) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const options = {
    env: { ...place.env, ...program.env, KUBERNETES_EXEC_INFO: info },
    timeout: place.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL' as const,
    maxBuffer: MOST_BYTES,
    windowsHide: true,
    ...(place.signal !== undefined && { signal: place.signal }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failed(program, place, reasonOf(error, stderr), error.code === 'ENOENT'));
    });
    // a program that asks a question gets no answer
    child.stdin?.on('error', () => undefined).end();
  });
}

function reasonOf(error: { code?: unknown; killed?: boolean; signal?: unknown }, stderr: string): string {
  if (error.code === 'ENOENT') return 'is not there';
  if (error.code === 'EACCES') return 'may not be run';
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MOST_BYTES} bytes`;
  if (error.killed === true) return 'gave no answer in time';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const said = lines.length === 0 ? '' : `: ${printable(redactText(lines.at(-1) ?? ''), 200)}`;
  return typeof error.code === 'number' ? `ended with exit code ${error.code}${said}` : `was ended${said}`;
}

function readStatus(output: string, program: LoginProgram, place: LoginPlace): ApiObject {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw failed(program, place, 'printed something else than an ExecCredential');
  }
  const status = isObject(answer) && fieldOf(answer, 'kind') === 'ExecCredential' ? fieldOf(answer, 'status') : null;
  if (!isObject(status)) throw failed(program, place, 'printed something else than an ExecCredential with a status');
  if (isObject(answer) && fieldOf(answer, 'apiVersion') !== program.apiVersion) {
    throw failed(program, place, `answered in another version than the ${program.apiVersion} that it was asked in`);
  }
  return status;
}

function textOf(object: ApiObject, name: string): string | undefined {
  const value = fieldOf(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function failed(program: LoginProgram, place: LoginPlace, reason: string, isMissing = false): TransshipError {
  const name = printable(program.command, 100);
  const message = `cluster ${place.cluster}: the login program ${name} of its kubeconfig ${reason}`;
  const install = program.installHint === undefined ? undefined : printable(program.installHint, 400);
  const byHand = `try it by hand: ${printable([program.command, ...program.args].join(' '), 200)}`;
  return new TransshipError('credential-helper-failed', message, {
    hint: isMissing ? (install ?? `install ${name}, or give its whole path in the kubeconfig`) : byHand,
    retryable: !isMissing,
    details: { cluster: place.cluster },
  });
}
