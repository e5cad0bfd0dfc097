// API tokens on DynamoDB: what they may do, under the hash of their text, and once more under their id. Both are written and removed in one
// transaction, and all reads are consistent: a revoked token is one at once, in every process.
import { isDeepStrictEqual } from 'node:util';
import { SCOPES, type ApiToken, type ApiTokenStore } from '../../../functions/http-api/api-token.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { systemClock, type Clock } from '../../../shared/jobs/clock.ts';
import { ageOrder, type AgeOrder } from '../dynamo/age-order.ts';
import { s, text, type Item } from '../dynamo/attributes.ts';
import { ABSENT } from '../dynamo/conditions.ts';
import { TOKENS, tokenIdKey, tokenKey } from './keys.ts';
import { recordTable, type RecordTableOptions } from './record-table.ts';

export type AwsApiTokensOptions = RecordTableOptions & {
  clock?: Clock;
  /** The ages that this process gives; absent: by its clock. */
  order?: AgeOrder;
};

type Body = Omit<ApiToken, 'createdAt' | 'expiresAt'> & { createdAt: string; expiresAt?: string };

export function awsApiTokens(options: AwsApiTokensOptions): ApiTokenStore {
  const table = recordTable(options);
  const order = options.order ?? ageOrder(options.clock ?? systemClock);
  const TableName = table.name;
  return {
    async add(token, hash) {
      const said = { body: s(JSON.stringify(token)), hash: s(hash), age: s(order()) };
      const byId = { Put: { TableName, Item: { ...tokenIdKey(token.id), ...said }, ...ABSENT } };
      const byHash = { Put: { TableName, Item: { ...tokenKey(hash), ...said }, ...ABSENT } };
      const refused = await table.commit([byHash, byId]);
      // what is there is what this was to write: it was written, and the answer lost
      if (refused === undefined || isDeepStrictEqual(refused.get(byHash), byHash.Put.Item)) return;
      throw new TransshipError(
        'internal',
        `there is an API token ${token.id} already, or another one with the same text`,
      );
    },
    async findByHash(hash) {
      const item = await table.get(tokenKey(hash));
      return item === undefined ? undefined : tokenOf(item);
    },
    async list() {
      const items = await table.queryAll({
        KeyConditionExpression: 'pk = :tokens',
        ExpressionAttributeValues: { ':tokens': s(TOKENS) },
        ConsistentRead: true,
      });
      return items.sort((one, other) => (text(one, 'age') > text(other, 'age') ? -1 : 1)).map(tokenOf);
    },
    async revoke(id) {
      const item = await table.get(tokenIdKey(id));
      if (item === undefined) return false;
      const refused = await table.commit([
        { Delete: { TableName, Key: tokenIdKey(id), ...ofText(text(item, 'hash')) } },
        { Delete: { TableName, Key: tokenKey(text(item, 'hash')) } },
      ]);
      return refused === undefined;
    },
  };
}

/** It is still the token of this text. */
function ofText(hash: string) {
  return {
    ConditionExpression: '#hash = :hash',
    ExpressionAttributeNames: { '#hash': 'hash' },
    ExpressionAttributeValues: { ':hash': s(hash) },
  };
}

function tokenOf(item: Item): ApiToken {
  const { scopes, createdAt, expiresAt, ...body }: Body = JSON.parse(text(item, 'body'));
  return {
    ...body,
    // a scope of a later version means nothing here
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    createdAt: new Date(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
  };
}
