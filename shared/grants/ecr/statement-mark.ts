// The mark that our statements have in a policy: their Sid says whose they are, and for which grant, without a word of either.
import { createHash } from 'node:crypto';

/** As base32 has it, in lower case: a Sid takes letters and digits only. https://www.rfc-editor.org/rfc/rfc4648#section-6 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const HALF = 5;
const MARK = new RegExp(`^PG([a-z2-7]{${HALF}})[a-z2-7]{${HALF}}x\\d+$`);

/**
 * `PG`, five characters of the instance, five of the grant in it, `x`, and the number of the grant's statement. The half of the instance
 * tells our own statements from those of another one, also where nobody remembers the grant.
 */
export function statementMark(instance: string, grant: string, shard: number): string {
  return `PG${hashed(instance)}${hashed(`${instance}\n${grant}`)}x${shard}`;
}

/** `PGAdmin` of somebody else is none, and no Sid of another instance is. */
export function isMarkOf(sid: string, instance: string): boolean {
  return MARK.exec(sid)?.[1] === hashed(instance);
}

/** Of this instance or another one. */
export function isMark(sid: string): boolean {
  return MARK.test(sid);
}

function hashed(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, HALF);
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
