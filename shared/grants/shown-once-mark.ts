// What registries that make something for one grant are told of it, as they have room for a name and a text: whose it is, for which grant,
// until when, and where the password is kept that they show only once.
import { hash16 } from './canonical.ts';
import type { SecretPlace } from './grant.ts';

export type ShownOnceMark = {
  grant: string;
  /** Of the grant: the registry itself may end it by whole days only. */
  endsAt?: Date;
  secret: SecretPlace;
  /** False: it may be that nobody has the password. */
  isKept: boolean;
};

const INSTANCE_DIGITS = 6;
const OWN_DIGITS = 10;
const FORM =
  /^(?<grant>[a-z0-9-]+)(?: until (?<until>\S+))? (?<kept>kept in|to be kept in) (?<cluster>[^/ ]+)\/(?<namespace>[^/ ]+)\/(?<name>[^/ ]+)$/;

/** `pg-` and 16 hexadecimal digits, of which the first tell the instance: ours are known by their names alone. */
export function markedName(instance: string, grant: string, name: string): string {
  return `${prefixOf(instance)}${hash16(JSON.stringify([instance, grant, name])).slice(0, OWN_DIGITS)}`;
}

export function isMarkedName(instance: string, name: string): boolean {
  return name.startsWith(prefixOf(instance)) && /^pg-[0-9a-f]{16}$/.test(name);
}

export function formatShownOnce({ grant, endsAt, secret, isKept }: ShownOnceMark): string {
  const until = endsAt === undefined ? '' : ` until ${endsAt.toISOString()}`;
  return `${grant}${until} ${isKept ? 'kept in' : 'to be kept in'} ${placeText(secret)}`;
}

export function parseShownOnce(text: string): ShownOnceMark | undefined {
  const { grant, until, kept, cluster, namespace, name } = FORM.exec(text)?.groups ?? {};
  if (grant === undefined || cluster === undefined || namespace === undefined || name === undefined) return undefined;
  const endsAt = until === undefined ? undefined : new Date(until);
  if (endsAt !== undefined && Number.isNaN(endsAt.getTime())) return undefined;
  return {
    grant,
    secret: { cluster, namespace, name },
    isKept: kept === 'kept in',
    ...(endsAt === undefined ? {} : { endsAt }),
  };
}

/** Another of ours has its password there: each would drive out the other, again and again. */
export function placeTaken(other: string, { cluster, namespace, name }: SecretPlace) {
  return {
    message: `the Secret ${namespace}/${name} of ${cluster} has the password of ${other}, and holds one login for a registry`,
    hint: 'give each grant a Secret of its own, or say all of it in one grant',
  };
}

function placeText({ cluster, namespace, name }: SecretPlace): string {
  return `${cluster}/${namespace}/${name}`;
}

function prefixOf(instance: string): string {
  return `pg-${hash16(instance).slice(0, INSTANCE_DIGITS)}`;
}
