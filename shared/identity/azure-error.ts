// Turns what Azure's library throws into typed errors. Of its messages, which quote token servers, only their codes are told.
// https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
import { type ErrorCode, isTransshipError, messageOf, TransshipError } from '../errors.ts';
import { proxyTrouble } from './proxy-failure.ts';

const CLOCK = 'set the clock of this machine, and renew the token or certificate that it logs in with';
const MANY_LOGINS =
  'give it an identity: a workload identity, a managed identity, AZURE_TENANT_ID with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or az login';

/** What they mean for who configured the identity. */
const HINTS: Readonly<Record<string, string>> = {
  AADSTS50001: 'the service is not known in this tenant: check tenantId and cloud',
  AADSTS500011: 'the service is not known in this tenant: check tenantId and cloud',
  AADSTS50034: 'check clientId and tenantId',
  AADSTS53003: 'a conditional access policy of the tenant refuses this identity: let its administrator look',
  AADSTS700016: 'check clientId and tenantId: the application is not in this tenant',
  AADSTS7000112: 'the application is disabled: enable it in Entra ID',
  AADSTS7000215: 'the client secret is wrong: give its value, not its ID',
  AADSTS7000222: 'the client secret has ended: make a new one for the application',
  AADSTS700024: CLOCK,
  AADSTS700027: 'the certificate does not belong to the application: upload it there, or check clientId',
  AADSTS70021: 'add a federated credential to the application with the issuer and subject of this token',
  AADSTS700211: 'add a federated credential to the application with the issuer of this token',
  AADSTS700212: 'the audience of the token must be api://AzureADTokenExchange',
  AADSTS700213: 'add a federated credential to the application with the subject of this token',
  AADSTS90002: 'check tenantId and cloud: there is no such tenant',
  AADSTS900023: 'check tenantId: there is no such tenant',
};

/** A TransshipError passes unchanged. @param connecting what kept it from a connection, which the library does not tell */
export function azureError(error: unknown, who: string, connecting?: Error): TransshipError {
  if (isTransshipError(error)) return error;
  const [code, retryable, hint, reason] = classify(error, proxyTrouble(connecting));
  return new TransshipError(code, `Azure did not give ${who} a token: ${reason}`, {
    hint,
    retryable,
    details: { operation: 'log in to Azure' },
  });
}

/** The codes of Entra ID in an error and in all that it stands for: `AADSTS7000215`. */
export function azureCodes(error: unknown): string[] {
  return [...new Set(all(error).flatMap((each) => messageOf(each).match(/AADSTS\d+/g) ?? []))];
}

function classify(error: unknown, atProxy: ReturnType<typeof proxyTrouble>): [ErrorCode, boolean, string, string] {
  const codes = azureCodes(error);
  const [first] = codes;
  if (first !== undefined) {
    const isBusy = codes.some((code) => code === 'AADSTS90033' || code === 'AADSTS50196' || code === 'AADSTS90055');
    const known = codes.find((code) => HINTS[code] !== undefined);
    const hint = known === undefined ? `look up ${first} at https://login.microsoftonline.com/error` : HINTS[known];
    return [isBusy ? 'too-many-requests' : 'unauthorized', isBusy, hint ?? '', codes.join(', ')];
  }
  const text = all(error).map(messageOf).join('\n');
  const status = all(error)
    .map(statusOf)
    .find((found) => found !== undefined);
  if (status === 429)
    return ['too-many-requests', true, 'Azure limits these calls: try again later', `status ${status}`];
  if (status !== undefined && status >= 500)
    return ['registry-unavailable', true, 'try again later', `status ${status}`];
  if (
    /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|network_error|endpoints_resolution_error|self.signed|certificate/i.test(
      text,
    ) &&
    !/CredentialUnavailable|ManagedIdentity/.test(text)
  ) {
    return [
      'connection-failed',
      true,
      atProxy?.hint ?? 'check the network, the proxy (HTTPS_PROXY) and AZURE_AUTHORITY_HOST',
      `its token server cannot be reached${atProxy === undefined ? '' : `: ${atProxy.reason}`}`,
    ];
  }
  if (/PEM|asn1|private key|ENOENT|EACCES/i.test(text)) {
    return [
      'invalid-config',
      false,
      'check that the certificate or token file is there, whole and readable',
      'what it logs in with cannot be read',
    ];
  }
  if (all(error).some(({ name }) => name === 'CredentialUnavailableError' || name === 'AggregateAuthenticationError')) {
    return ['unauthorized', false, MANY_LOGINS, 'this process has no identity there'];
  }
  return [
    'invalid-response',
    true,
    'look whether a proxy answers in place of Azure',
    status === undefined ? 'its token server answered what it should not' : `status ${status}`,
  ];
}

/** An error, what caused it, and what it gathers. */
function all(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const gathered: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [error, ...[error.cause, ...gathered].flatMap((each) => all(each, depth + 1))];
}

function statusOf(error: Error): number | undefined {
  for (const name of ['statusCode', 'status', 'errorNo']) {
    const value = Number(Reflect.get(error, name));
    if (value >= 400 && value < 600) return value;
  }
  return undefined;
}
