// Which entries the tokens of a registry are. The mark of a token, and where its password is kept, stand in the description of its
// scope map: a token itself has none.
import { isTransshipError } from '../../errors.ts';
import type { Json } from '../canonical.ts';
import type { ObservedEntry } from '../entry.ts';
import type { SecretPlace } from '../grant.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { isSameId } from './assignments.ts';
import { tokenKey } from './entry-content.ts';
import { formatMark, ownerOfMark, parseMark } from './mark.ts';
import type { RegistryToken, ScopeMap } from './tokens.ts';

const PLACE = /^kept in (?<cluster>[^/ ]+)\/(?<namespace>[^/ ]+)\/(?<name>[^/ ]+)(?: as (?<slot>password[12]))?$/;

/** @param slot which of the two passwords is kept there; undefined: none as yet */
export function tokenDescription(
  grants: readonly string[],
  instance: string,
  secret: SecretPlace,
  slot: string | undefined,
): string {
  const rest = `kept in ${secret.cluster}/${secret.namespace}/${secret.name}${slot === undefined ? '' : ` as ${slot}`}`;
  return formatMark({ grants, instance, rest });
}

/** Which password of a token is kept, by the description of its scope map. */
export function keptSlot(description: string | undefined): string | undefined {
  return PLACE.exec(parseMark(description)?.rest ?? '')?.groups?.['slot'];
}

/** A cluster that does not answer, or is no longer known, keeps no token from being taken away: then its mark is believed. */
async function isKeptIn(
  keepSecret: KeepSecret,
  secret: SecretPlace,
  login: Parameters<KeepSecret['has']>[1],
): Promise<boolean> {
  try {
    return await keepSecret.has(secret, login);
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    return true;
  }
}

/** Tokens with our mark; others are nobody's business. */
export async function tokenEntries(
  {
    tokens,
    scopeMaps,
    host,
    instance,
    now,
  }: {
    tokens: readonly RegistryToken[];
    scopeMaps: readonly ScopeMap[];
    host: string;
    instance: string;
    now: Date;
  },
  keepSecret: KeepSecret,
): Promise<ObservedEntry[]> {
  const entries: ObservedEntry[] = [];
  for (const { name, description, actions } of scopeMaps) {
    const mark = parseMark(description);
    const { cluster, namespace, name: secretName } = PLACE.exec(mark?.rest ?? '')?.groups ?? {};
    if (mark === undefined || ownerOfMark(description, instance) !== 'ours' || cluster === undefined) continue;
    const secret = { cluster, namespace: namespace ?? '', name: secretName ?? '' };
    const token = tokens.find(({ scopeMapId }) => isSameId(scopeMapId.split('/').at(-1) ?? '', name));
    const kept = token?.passwords.find((password) => password.name === keptSlot(description));
    const isValid = kept !== undefined && (kept.expiresAt === undefined || kept.expiresAt > now);
    const content: Json = {
      kind: 'token',
      token: name,
      actions,
      status: token?.status ?? 'missing',
      secret,
      isKept: isValid && (await isKeptIn(keepSecret, secret, { registry: host, username: name })),
      ...(kept?.expiresAt === undefined ? {} : { endsAt: kept.expiresAt.toISOString() }),
    };
    const [grant = ''] = mark.grants;
    entries.push({ key: tokenKey(name), content, owner: 'ours', grant, label: `token ${name}` });
  }
  return entries;
}
