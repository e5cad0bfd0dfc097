// Changes of pull credentials for people and machines: which Secrets and ServiceAccounts, which hosts; never a value.
import type { CredentialChange } from '../../../shared/credentials/credential-change.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Colour, Style } from './style.ts';

type View = Readonly<Record<string, unknown>> & { cluster: string; namespace: string; rule: string; kind: string };

/** What may be shown of a change, as data. */
export function changeView(change: CredentialChange): View {
  const { cluster, namespace, rule, kind } = change;
  const place = { cluster, namespace, rule, kind };
  switch (change.kind) {
    case 'attach-reference':
    case 'detach-reference':
      return { ...place, serviceAccount: change.serviceAccount, secrets: change.secrets };
    case 'create-secret':
      return { ...place, secret: change.secret, hosts: change.marks.hosts, ...endOf(change.marks.expiresAt) };
    case 'update-secret':
      return { ...place, secret: change.secret, difference: change.difference, ...endOf(change.marks.expiresAt) };
    case 'release-secret':
      return { ...place, secret: change.secret, difference: change.difference };
    case 'delete-secret':
      return { ...place, secret: change.secret };
    case 'left-behind':
      return { ...place, secret: change.secret, message: change.message, hint: change.hint };
    case 'conflict':
      return { ...place, object: change.object, reason: change.reason, message: change.message, hint: change.hint };
    default:
      return {
        ...place,
        registry: change.registry,
        message: change.message,
        ...(change.hint === undefined ? {} : { hint: change.hint }),
      };
  }
}

/** Place, sign and object, what becomes of it. */
export function changeRow(change: CredentialChange, style: Style): string[] {
  const [sign, colour, object, text] = told(change);
  return [
    style('dim', `${change.cluster}/${change.namespace}`),
    style(colour, `${sign} ${object}`),
    printable(text, 500),
  ];
}

function told(change: CredentialChange): [sign: string, colour: Colour, object: string, text: string] {
  switch (change.kind) {
    case 'attach-reference':
      return [
        '+',
        'green',
        `ServiceAccount ${change.serviceAccount}`,
        `imagePullSecrets: + ${change.secrets.join(', ')}`,
      ];
    case 'detach-reference':
      return [
        '-',
        'red',
        `ServiceAccount ${change.serviceAccount}`,
        `imagePullSecrets: - ${change.secrets.join(', ')}`,
      ];
    case 'create-secret':
      return ['+', 'green', `Secret ${change.secret}`, change.marks.hosts.map((host) => `+ ${host}`).join(', ')];
    case 'update-secret':
      return ['~', 'yellow', `Secret ${change.secret}`, change.difference.join(', ')];
    case 'release-secret':
      return [
        '~',
        'yellow',
        `Secret ${change.secret}`,
        `${change.difference.join(', ')}; the rest is not ours and stays`,
      ];
    case 'delete-secret':
      return ['-', 'red', `Secret ${change.secret}`, 'no rule wants it any more'];
    case 'left-behind':
      return [' ', 'dim', `Secret ${change.secret}`, `stays: ${change.message}`];
    case 'conflict':
      return ['!', 'red', `Secret ${change.object}`, change.message];
    default:
      return ['!', 'yellow', change.registry, change.message];
  }
}

function endOf(expiresAt: Date | undefined): { expiresAt?: string } {
  return expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() };
}
