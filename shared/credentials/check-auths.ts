// What is wrong with the entries of a pull Secret, one by one: whether a kubelet can decode them, and whether there is a credential in them.
import { printable } from '../telemetry/printable.ts';
import { type AuthEntry, type AuthProblem, decodeEntry, field, isRecord } from './auth-entry.ts';
import type { SecretFinding } from './secret-finding.ts';

const WHOLE = 'no Pod that names this Secret pulls anything, not even with another one';

const PROBLEMS: Readonly<Record<AuthProblem, { message: string; fix: string }>> = {
  'not-an-object': { message: 'is not an object', fix: 'write {"auth": "…"}' },
  'field-not-text': { message: 'has a field that is not text', fix: 'write user and password as text' },
  'auth-undecodable': { message: 'has an "auth" that is not base64', fix: authFix() },
  'auth-without-colon': { message: 'has an "auth" without a colon in it', fix: authFix() },
};

/** The findings, and the entries in which there is a credential. */
export function checkAuths(
  auths: Record<string, unknown>,
  config: Record<string, unknown>,
): { findings: SecretFinding[]; entries: AuthEntry[] } {
  const findings: SecretFinding[] = [];
  const entries: AuthEntry[] = [];
  const empty: string[] = [];
  for (const [key, value] of Object.entries(auths)) {
    const decoded = decodeEntry(value);
    if (typeof decoded === 'string') findings.push(undecodable(key, decoded));
    else if (decoded.username === '' && decoded.password === '') empty.push(key);
    else {
      findings.push(...checkEntry(key, value, decoded));
      entries.push({ key, ...decoded });
    }
  }
  const isBroken = findings.some(({ severity }) => severity === 'error');
  if (entries.length > 0 || !isBroken) findings.push(...checkEmpty(empty, auths, config, entries.length));
  return { findings, entries };
}

function undecodable(key: string, problem: AuthProblem): SecretFinding {
  const { message, fix } = PROBLEMS[problem];
  return { code: 'PS-6', severity: 'error', message: `the entry ${printable(key)} ${message}: ${WHOLE}`, fix };
}

function checkEntry(key: string, value: unknown, decoded: { username: string; password: string }): SecretFinding[] {
  const name = `the entry ${printable(key)}`;
  if (decoded.username === '') {
    return [
      {
        code: 'PS-4',
        severity: 'error',
        message: `${name} has a password and no user: the node pulls anonymously`,
        fix: authFix(),
      },
    ];
  }
  const findings: SecretFinding[] = [];
  if (/[\r\n]$/.test(decoded.password)) {
    findings.push({
      code: 'PS-6',
      severity: 'error',
      message: `${name} has a password that ends with a line end`,
      fix: 'encode it without one: printf %s "$USER:$PASSWORD" | base64 -w0',
    });
  }
  if (contradicts(value, decoded)) {
    findings.push({
      code: 'PS-6',
      severity: 'warning',
      message: `${name} has an "auth" that says something else than its username and password: "auth" counts`,
      fix: 'leave out what is old',
    });
  }
  return findings;
}

function contradicts(value: unknown, decoded: { username: string; password: string }): boolean {
  if (!isRecord(value)) return false;
  return (['username', 'password'] as const).some((name) => {
    const plain = field(value, name);
    return typeof plain === 'string' && plain !== '' && plain !== decoded[name];
  });
}

function checkEmpty(
  empty: readonly string[],
  auths: Record<string, unknown>,
  config: Record<string, unknown>,
  filled: number,
): SecretFinding[] {
  const elsewhere = storedElsewhere(config);
  if (filled > 0 && empty.length === 0 && elsewhere === undefined) return [];
  const hosts = empty.map((key) => printable(key)).join(' and ');
  const where = elsewhere === undefined ? '' : `: ${elsewhere}, on the machine where it was written`;
  const token = empty.some((key) => hasToken(auths[key])) ? '; nodes do not use identity tokens' : '';
  if (filled > 0) {
    const what = empty.length === 0 ? 'other credentials are not in it' : `there is no credential for ${hosts}`;
    return [{ code: 'PS-4', severity: 'warning', message: `${what}${where}${token}`, fix: makeAnew(empty[0]) }];
  }
  const what = empty.length === 0 ? 'it has no entries' : `there is nothing in its entries for ${hosts}`;
  return [
    {
      code: 'PS-4',
      severity: 'error',
      message: `no credential is in this Secret: ${what}${where}${token}`,
      fix: makeAnew(empty[0]),
    },
  ];
}

function storedElsewhere(config: Record<string, unknown>): string | undefined {
  const { credsStore, credHelpers } = config;
  if (typeof credsStore === 'string' && credsStore !== '') return `credsStore "${printable(credsStore)}" keeps them`;
  return isRecord(credHelpers) && Object.keys(credHelpers).length > 0 ? 'credHelpers keep them' : undefined;
}

function hasToken(value: unknown): boolean {
  return isRecord(value) && ['identitytoken', 'registrytoken'].some((name) => typeof field(value, name) === 'string');
}

function makeAnew(host = 'HOST'): string {
  return `kubectl create secret docker-registry NAME --docker-server=${printable(host)} --docker-username=USER --docker-password=…`;
}

function authFix(): string {
  return 'write base64 of "user:password": printf %s "$USER:$PASSWORD" | base64 -w0';
}
