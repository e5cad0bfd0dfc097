// Clients for workload identity federation: a token of another issuer, or an identity of AWS, is traded for one of Google.
// https://cloud.google.com/iam/docs/workload-identity-federation
import type { BaseExternalAccountClient } from 'google-auth-library';
import { googleUrl, unusable } from './google-file.ts';
import { isRecord } from './json-call.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws TransshipError invalid-config */
export async function federatedClient(
  json: Json,
  name: string,
  scopes: readonly string[],
): Promise<{ client: BaseExternalAccountClient; identity: string }> {
  const source = json['credential_source'];
  if (!isRecord(source)) throw unusable(name, 'has no credential_source');
  const audience = required(json, 'audience', name);
  const common = {
    type: 'external_account',
    audience,
    subject_token_type: required(json, 'subject_token_type', name),
    token_url: googleUrl(required(json, 'token_url', name), name),
    scopes: [...scopes],
    ...optional(json, ['workforce_pool_user_project', 'client_id', 'client_secret']),
  };
  const identity = `principal of ${audience.replace(/^\/\/iam\.googleapis\.com\//, '')}`;
  try {
    return { client: await open(), identity };
  } catch {
    throw unusable(name, 'has a credential_source that cannot be used');
  }

  async function open(): Promise<BaseExternalAccountClient> {
    const { default: library } = await import('google-auth-library');
    if (!isRecord(source)) throw unusable(name, 'has no credential_source');
    if ('environment_id' in source) {
      const fields = ['region_url', 'url', 'imdsv2_session_token_url'] as const;
      return new library.AwsClient({
        ...common,
        credential_source: {
          ...optional(source, fields),
          environment_id: required(source, 'environment_id', name),
          regional_cred_verification_url: required(source, 'regional_cred_verification_url', name),
        },
      });
    }
    if (isRecord(source['executable'])) {
      const { timeout_millis: timeoutMs } = source['executable'];
      return new library.PluggableAuthClient({
        ...common,
        credential_source: {
          executable: {
            ...optional(source['executable'], ['output_file']),
            command: required(source['executable'], 'command', name),
            ...(typeof timeoutMs === 'number' ? { timeout_millis: timeoutMs } : {}),
          },
        },
      });
    }
    const { format } = source;
    const headers = isRecord(source['headers']) ? textsOf(source['headers']) : undefined;
    return new library.IdentityPoolClient({
      ...common,
      credential_source: {
        ...optional(source, ['file', 'url']),
        ...(headers === undefined ? {} : { headers }),
        ...(isRecord(format)
          ? {
              format: {
                type: format['type'] === 'json' ? 'json' : 'text',
                ...optional(format, ['subject_token_field_name']),
              },
            }
          : {}),
      },
    });
  }
}

function required(json: Json, key: string, name: string): string {
  const value = json[key];
  if (typeof value === 'string' && value !== '') return value;
  throw unusable(name, `has no ${key}`);
}

/** Those of the members that are there as text. */
function optional<Key extends string>(json: Json, keys: readonly Key[]): { [Name in Key]?: string } {
  const found: { [Name in Key]?: string } = {};
  for (const key of keys) {
    const value = json[key];
    if (typeof value === 'string' && value !== '') found[key] = value;
  }
  return found;
}

function textsOf(json: Json): Record<string, string> {
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
