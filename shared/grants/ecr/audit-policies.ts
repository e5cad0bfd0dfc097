// Reads the policies of a whole registry for whoever may pull by them.
import type { EcrCalls } from '../../registries/ecr-client.ts';
import type { AuditFinding } from '../audit-finding.ts';
import type { Target } from '../site.ts';
import { auditStatement } from './audit-statement.ts';
import { policyEntries, type PolicyDocument } from './policy-document.ts';
import { REGISTRY_POLICY_SCOPE } from './survey-facts.ts';
import { listEcrRepositories, registryPolicyScope } from './survey-registry.ts';

type Audit = {
  calls: EcrCalls['calls'];
  host: string;
  instance: string;
  /** Undefined where there is no such repository, or no policy. */
  read: (place: string) => Promise<PolicyDocument | undefined>;
  signal?: AbortSignal | undefined;
};

/** Policies read at the same time. https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html */
const AT_ONCE = 8;

/** @throws TransshipError as AWS answers */
export async function* auditPolicies({ calls, host, instance, read, signal }: Audit): AsyncIterable<AuditFinding> {
  const scope = await registryPolicyScope(calls, host, { signal });
  const repositories = await listEcrRepositories(calls, host, { signal });
  const places = [...(scope[REGISTRY_POLICY_SCOPE] === 'V2' ? [''] : []), ...repositories];
  const findingsOf = async (place: string): Promise<AuditFinding[]> => {
    const target: Target = { backend: 'ecr', host, place };
    const document = await read(place);
    const entries = document === undefined ? [] : policyEntries(document, instance);
    const denials = entries.filter(({ statement }) => statement.content['Effect'] === 'Deny').map(({ label }) => label);
    return entries.flatMap((entry) => auditStatement({ target, entry, denials }) ?? []);
  };
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const found = await Promise.all(places.slice(at, at + AT_ONCE).map(findingsOf));
    yield* found.flat();
  }
}
