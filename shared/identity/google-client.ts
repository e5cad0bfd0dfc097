// A client of Google's library for the credentials that were given, or for the default ones. It asks nobody before it is used.
// https://google.aip.dev/auth/4110
import type { AuthClient } from 'google-auth-library';
import { googleUrl, unusable } from './google-file.ts';
import type { CloudAgent } from './cloud-agent.ts';
import type { SecretSource } from './secret-source.ts';
import { isRecord } from './json-call.ts';

/** `act` is who the credentials say to act as: whoever uses the client does that. */
export type GoogleClient = { client: AuthClient; identity: string; act?: string };

type Json = Readonly<Record<string, unknown>>;

const TYPES = 'service_account, external_account, authorized_user or impersonated_service_account';
/** Without one the library looks for a project, by programs and by the network; nothing here needs it. */
const NO_PROJECT = 'none';
/** The library asks the metadata server by itself, and would by the proxy that it finds. */
const METADATA = /^http:\/\/[^/]+\/computeMetadata\//;

/** @throws TransshipError invalid-config; what the library throws where there are no default credentials */
export async function googleClient(file: SecretSource | undefined, scopes: readonly string[]): Promise<GoogleClient> {
  const { default: library } = await import('google-auth-library');
  if (file !== undefined) return clientOf(await readJson(file), file.name, scopes);
  library.gaxios.instance.defaults.noProxy = [METADATA];
  const client = await new library.GoogleAuth({ scopes: [...scopes], projectId: NO_PROJECT }).getClient();
  return { client, identity: await identityOf(client) };
}

/** Sends what the client asks by these connections, also where the library has chosen others. */
export function sendBy(agent: CloudAgent, { transporter }: Pick<AuthClient, 'transporter'>): void {
  transporter.interceptors.request.add({
    resolved: (request) => Promise.resolve({ ...request, agent: () => agent }),
  });
}

async function clientOf(json: Json, name: string, scopes: readonly string[]): Promise<GoogleClient> {
  const { default: library } = await import('google-auth-library');
  const text = (key: string) => readText(json, key, name);
  switch (json['type']) {
    case 'service_account': {
      const [email, key] = [text('client_email'), text('private_key')];
      return { client: new library.JWT({ email, key, scopes: [...scopes] }), identity: email };
    }
    case 'authorized_user': {
      const [clientId, clientSecret, refreshToken] = [text('client_id'), text('client_secret'), text('refresh_token')];
      return {
        client: new library.UserRefreshClient({ clientId, clientSecret, refreshToken }),
        identity: `the Google user of ${name}`,
      };
    }
    case 'external_account': {
      const { federatedClient } = await import('./google-federation.ts');
      const { service_account_impersonation_url: url } = json;
      // the library would hide when the token of a service account ends: it is acted as by a call of our own
      const act = typeof url === 'string' ? { act: impersonated(url, name) } : {};
      return { ...(await federatedClient(json, name, scopes)), ...act };
    }
    case 'impersonated_service_account': {
      const source = json['source_credentials'];
      if (!isRecord(source)) throw unusable(name, 'has no source_credentials');
      return {
        ...(await clientOf(source, name, scopes)),
        act: impersonated(text('service_account_impersonation_url'), name),
      };
    }
    default:
      throw unusable(name, `is not of a known type (${TYPES})`);
  }
}

function readText(json: Json, key: string, name: string): string {
  const value = json[key];
  if (typeof value === 'string' && value !== '') return value;
  throw unusable(name, `has no ${key}`);
}

async function readJson(source: SecretSource): Promise<Json> {
  const text = (await source.read()).reveal();
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // The parser's message quotes what may be a key.
  }
  throw unusable(source.name, 'is not a JSON object');
}

/** The e-mail address in `…/serviceAccounts/<email>:generateAccessToken`. */
function impersonated(url: string, name: string): string {
  const email = /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(googleUrl(url, name))?.[1];
  if (email === undefined) throw unusable(name, 'has a service_account_impersonation_url of an unknown form');
  return email;
}

async function identityOf(client: AuthClient): Promise<string> {
  const { BaseExternalAccountClient, Impersonated, JWT } = (await import('google-auth-library')).default;
  if (client instanceof JWT) return client.email ?? 'a service account';
  if (client instanceof Impersonated) return client.getTargetPrincipal();
  if (client instanceof BaseExternalAccountClient) {
    return client.getServiceAccountEmail() ?? 'a federated principal of the default credentials';
  }
  return "Google's default credentials";
}
