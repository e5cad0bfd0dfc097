// Which Secrets of a Namespace the rules want, and whose those are that are there under these names. What is not ours is never touched
// unless the rule says `adopt`; what another instance of Transship holds, not even then.
import { labelValue } from '../cluster/label-value.ts';
import type { ConflictReason } from './credential-change.ts';
import type { CredentialRule } from './credential-rule.ts';
import type { DesiredCredentials } from './desired.ts';
import type { ObservedNamespace, ObservedSecret } from './observed.ts';
import { isOfInstance, isOurs, ownerOf, readMarks, type SecretMarks } from './secret-marks.ts';
import { type SecretTarget, secretTargets } from './secret-target.ts';
import { selectsNamespace } from './selects-namespace.ts';

export type Claim = { target: SecretTarget } & (
  | { kind: 'absent' }
  | { kind: 'ours'; secret: ObservedSecret; marks: SecretMarks }
  /** Of the right name; until now it was not this rule's. */
  | { kind: 'adopted'; secret: ObservedSecret }
  | { kind: 'refused'; conflict: Conflict }
);

export type Conflict = { reason: ConflictReason; message: string; hint: string };

/** In the order of the rules; each Secret is claimed once, all others that want it are refused. */
export function claimsIn(desired: DesiredCredentials, cluster: string, namespace: ObservedNamespace): Claim[] {
  const targets = desired.rules
    .filter((rule) => rule.clusters.includes(cluster) && selectsNamespace(rule.namespaces, namespace))
    .flatMap(secretTargets);
  return targets.map((target) => {
    const rivals = targets.filter(({ secret }) => secret === target.secret);
    const secret = namespace.secrets.get(target.secret);
    const holder =
      rivals.find(({ rule }) => secret !== undefined && isOurs(secret, desired.instance, rule.name)) ?? rivals[0];
    return holder === undefined || holder === target
      ? claim(target, secret, desired.instance)
      : refuse(target, rivalry(target, holder.rule));
  });
}

function claim(target: SecretTarget, secret: ObservedSecret | undefined, instance: string): Claim {
  if (secret === undefined) return { target, kind: 'absent' };
  const marks = readMarks(secret);
  const owner = ownerOf(secret);
  if (marks !== undefined && isOurs(secret, instance, target.rule.name)) return { target, kind: 'ours', secret, marks };
  // A rule of ours that left it to whoever comes: the new one takes it over in place.
  const isLeft = isOfInstance(secret, instance) && (target.rule.adopt || marks?.prune === true);
  if (isLeft || (owner === undefined && target.rule.adopt)) return { target, kind: 'adopted', secret };
  return refuse(target, foreign(target, owner, instance));
}

function refuse(target: SecretTarget, conflict: Conflict): Claim {
  return { target, kind: 'refused', conflict };
}

function rivalry({ secret }: SecretTarget, other: CredentialRule): Conflict {
  return {
    reason: 'foreign',
    message: `Secret ${secret} is wanted by rule "${other.name}" as well, which has it`,
    hint: 'give each rule a Secret of its own, or put their registries into one rule',
  };
}

function foreign(
  { secret, rule }: SecretTarget,
  owner: { instance: string; rule: string } | undefined,
  instance: string,
): Conflict {
  if (owner === undefined) {
    return {
      reason: 'foreign',
      message: `Secret ${secret} was not made by Transship, and is left as it is`,
      hint: `choose another secret.name for rule "${rule.name}", or set adopt: true to take it over with its other hosts kept`,
    };
  }
  const isInstance = owner.instance === labelValue(instance);
  return {
    reason: 'foreign',
    message: isInstance
      ? `Secret ${secret} is that of rule "${owner.rule}", which does not want it any more`
      : `Secret ${secret} is that of another Transship, "${owner.instance}"`,
    hint: isInstance
      ? `set adopt: true in rule "${rule.name}" to take it over, or delete it`
      : `choose another secret.name for rule "${rule.name}"`,
  };
}
