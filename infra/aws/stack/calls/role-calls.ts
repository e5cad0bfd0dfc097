// The roles that functions assume: for registries and clusters of other accounts, or to be somebody with fewer rights.
import type { Config } from '../../../../shared/config/config.ts';
import { assumeRolePolicy } from '../../../../shared/registries/aws-pull-policy.ts';
import { askedBy, ecrKind } from './ecr-registry.ts';
import { allow, type Statement } from './statement.ts';

/** Of these registries, where their credential is a role. */
export function registryRoles(hosts: readonly string[], { registries }: Config): string[] {
  return hosts.flatMap((host) => {
    const by = ecrKind(host, registries) === undefined ? undefined : askedBy(host, registries, 'nobody');
    return by === undefined || by.role === 'own' ? [] : [by.role];
  });
}

export function assumeCalls(roleArns: readonly string[]): Statement[] {
  return (assumeRolePolicy(roleArns)?.Statement ?? []).map(({ Sid, Action, Resource }) =>
    allow(Sid, Action, typeof Resource === 'string' ? [Resource] : Resource),
  );
}
