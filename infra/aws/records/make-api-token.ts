// Makes an API token without the API: by whoever may write to the table of records. The first one of a deployment has no other way.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { apiTokenHash, newApiTokenText } from '../../../functions/http-api/api-token-text.ts';
import type { ApiToken } from '../../../functions/http-api/api-token.ts';
import { awsAgent, awsCredentials, type AwsIdentity } from '../../../shared/identity/aws.ts';
import { openCloudAgent } from '../../../shared/identity/open-cloud-agent.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import { awsApiTokens } from './api-tokens.ts';

type Place = {
  /** The table of records. */
  tableName: string;
  region: string;
  identity: AwsIdentity;
  /** Where `HTTPS_PROXY` and its like stand. */
  env: NodeJS.ProcessEnv;
};

/** Its text is told this once. @throws TransshipError store-unavailable */
export async function makeApiToken(
  { tableName, region, identity, env }: Place,
  order: Pick<ApiToken, 'name' | 'scopes' | 'expiresAt'>,
): Promise<{ token: ApiToken; text: Secret }> {
  const agent = await openCloudAgent(env);
  const credentials = await awsCredentials(identity, region, agent);
  const sender = agent === undefined ? {} : { requestHandler: awsAgent(agent) };
  const dynamo = new DynamoDBClient({ region, credentials, ...sender });
  try {
    const text = newApiTokenText();
    const token = { ...order, id: randomUUID(), createdAt: new Date() };
    await awsApiTokens({ dynamo, tableName }).add(token, apiTokenHash(text.reveal()) ?? '');
    return { token, text };
  } finally {
    dynamo.destroy();
    agent?.destroy();
  }
}
