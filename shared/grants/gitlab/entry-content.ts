// Entries at GitLab: a deploy token of a project or group that is made for one grant. Its name says all of it, and nothing of it can be
// changed: another one takes its place.
import { isRecord, type Json } from '../canonical.ts';
import type { SecretPlace } from '../grant.ts';

export type TokenContent = {
  kind: 'deploy-token';
  /** The first word of its name. */
  token: string;
  /** Where the token is; null: it cannot be told. */
  secret: SecretPlace | null;
  /** Whether one that holds is there. */
  isKept: boolean;
  /** Of the grant; GitLab ends it at midnight. */
  endsAt?: string;
  /** Others of the same name: what an interrupted run left. */
  spare?: number;
};

export function tokenKey(token: string): string {
  return `deploy-token ${token}`;
}

/** Undefined for what is none. */
export function tokenIn(content: Json): TokenContent | undefined {
  if (!isRecord(content) || content['kind'] !== 'deploy-token') return undefined;
  const { token, secret, isKept, endsAt, spare } = content;
  if (typeof token !== 'string') return undefined;
  return {
    kind: 'deploy-token',
    token,
    secret: placeIn(secret),
    isKept: isKept === true,
    ...(typeof endsAt === 'string' ? { endsAt } : {}),
    ...(typeof spare === 'number' ? { spare } : {}),
  };
}

function placeIn(secret: unknown): SecretPlace | null {
  if (!isRecord(secret)) return null;
  const { cluster, namespace, name } = secret;
  if (typeof cluster !== 'string' || typeof namespace !== 'string' || typeof name !== 'string') return null;
  return { cluster, namespace, name };
}
