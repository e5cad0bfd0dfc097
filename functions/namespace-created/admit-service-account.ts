// What a new ServiceAccount is given before it is stored, so that the first Pod has it: the references to the Secrets of the rules. A pure
// function of the rules, for clusters that have no MutatingAdmissionPolicy; whether the Secrets are there yet does not matter.
import type { Config } from '../../shared/config/config.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { selectsNamespace, selectsServiceAccount } from '../../shared/credentials/selects-namespace.ts';
import type { AdmissionReview } from '../../shared/events/namespaces/admission-review.ts';
import { pullSecretsPatch, type JsonPatch } from '../../shared/events/namespaces/pull-secrets-patch.ts';

type Place = {
  cluster: string;
  /** Of its Namespace. Absent: not known here; rules that select by them leave it to the distribution then. */
  labels?: Readonly<Record<string, string>>;
};

/** Empty for a review of anything else. The same for a dry run, whose answer shows what would be stored. */
export function admitServiceAccount(
  { operation, resource, namespace, name, object }: AdmissionReview,
  { credentials }: Pick<Config, 'credentials'>,
  { cluster, labels = {} }: Place,
): JsonPatch {
  if (operation !== 'CREATE' || resource !== 'serviceaccounts' || namespace === undefined) return [];
  const metadata = recordOf(object['metadata']);
  const account = { name: name ?? textOf(metadata['name']), labels: textsOf(metadata['labels']) };
  const wanted = credentials.filter(
    (rule) =>
      rule.clusters.includes(cluster) &&
      selectsNamespace(rule.namespaces, { name: namespace, labels }) &&
      selectsServiceAccount(rule.serviceAccounts, account),
  );
  return pullSecretsPatch(
    object,
    wanted.flatMap((rule) => secretTargets(rule).map(({ secret }) => secret)),
  );
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(recordOf(value)).map(([key, text]) => [key, textOf(text)]));
}
