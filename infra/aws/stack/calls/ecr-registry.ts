// A registry of ECR as policies see it: by whom it is asked, and what the ARNs of its repositories are.
import type { Config, RegistryConfig } from '../../../../shared/config/config.ts';
import { awsPartition } from '../../../../shared/identity/aws-partition.ts';
import { parseEcrHost } from '../../../../shared/registries/ecr-host.ts';
import { vendorOf } from '../../../../shared/registries/vendors.ts';
import { ref, sub } from '../fragment.ts';

type Registries = Config['registries'];

/** By the function's own role, by a role that it assumes, or by no identity of AWS. */
export type AskedBy = { role: 'own' } | { role: string } | undefined;

/** What a registry without a credential of AWS is asked by: copies are strangers there, grants go by the own role. */
type WithoutCredential = 'nobody' | 'own';

export function entryOf(host: string, registries: Registries): RegistryConfig | undefined {
  return registries.find((one) => one.host === host || one.aliases.includes(host));
}

export function askedBy(host: string, registries: Registries, otherwise: WithoutCredential): AskedBy {
  const { credential } = entryOf(host, registries) ?? {};
  if (typeof credential !== 'object' || !('aws' in credential)) {
    return otherwise === 'own' ? { role: 'own' } : undefined;
  }
  const { roleArn, profile } = credential.aws;
  if (roleArn !== undefined) return { role: roleArn };
  // a function has no files of the AWS tools: it is told so when it looks for them
  return profile === undefined ? { role: 'own' } : undefined;
}

/** `ecr`: a private registry; `ecr-public`: the gallery. Undefined for all others. */
export function ecrKind(host: string, registries: Registries): 'ecr' | 'ecr-public' | undefined {
  const entry = entryOf(host, registries);
  const { kind } = vendorOf(entry?.host ?? host, entry?.kind);
  return kind === 'ecr' || kind === 'ecr-public' ? kind : undefined;
}

/**
 * The ARN of a repository, or of those that a pattern with stars means; of a private registry.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
 */
export function repositoryArn(host: string, repository: string, registries: Registries): unknown {
  const entry = entryOf(host, registries);
  const told = parseEcrHost(entry?.host ?? host);
  if (told !== undefined) {
    return `arn:${awsPartition(told.region).name}:ecr:${told.region}:${told.account}:repository/${repository}`;
  }
  // a name of its own tells no account: it is this one's
  const place = `arn:\${AWS::Partition}:ecr:${regionOf(entry) ?? '${AWS::Region}'}:\${AWS::AccountId}`;
  return sub(`${place}:repository/${repository}`);
}

/** Where a private registry is, as a condition of a policy has it. */
export function registryRegion(host: string, registries: Registries): unknown {
  const entry = entryOf(host, registries);
  return parseEcrHost(entry?.host ?? host)?.region ?? regionOf(entry) ?? ref('AWS::Region');
}

function regionOf(entry: RegistryConfig | undefined): string | undefined {
  const { credential } = entry ?? {};
  return typeof credential === 'object' && 'aws' in credential ? credential.aws.region : undefined;
}

/** The path in the gallery begins with the name of the registry, which an ARN has not. */
export function publicRepositoryArn(repository: string): unknown {
  const own = repository.includes('/') ? repository.slice(repository.indexOf('/') + 1) : repository;
  return sub(`arn:aws:ecr-public::\${AWS::AccountId}:repository/${own}`);
}
