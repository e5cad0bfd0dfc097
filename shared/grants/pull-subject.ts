// Reads for whom somebody asks whether they may pull, as people write it.
import type { RoleSubject } from '../cluster/rbac-objects.ts';
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';
const SHORT = new RegExp(`^(?<namespace>${LABEL})/(?<name>${NAME})$`);
const LONG = new RegExp(`^(?:user:)?system:serviceaccount:(?<namespace>${LABEL}):(?<name>${NAME})$`);

/** `my-ns/default`, `system:serviceaccount:my-ns:default`, `user:jane`, `group:dev`. @throws TransshipError invalid-usage */
export function readPullSubject(text: string): RoleSubject {
  const { namespace, name } = (SHORT.exec(text) ?? LONG.exec(text))?.groups ?? {};
  if (namespace !== undefined && name !== undefined) return { kind: 'ServiceAccount', namespace, name };
  const [, kind, rest] = /^(user|group):(.+)$/s.exec(text) ?? [];
  if (rest !== undefined && !/\p{C}/u.test(rest)) return { kind: kind === 'user' ? 'User' : 'Group', name: rest };
  throw new TransshipError('invalid-usage', `"${printable(text, 100)}" is nobody who could pull`, {
    hint: 'write a ServiceAccount like my-ns/default, a user like user:jane, a group like group:developers',
  });
}
