// One change of a plan becomes one write, in place and only on what was seen: nothing is deleted to be made anew, nothing that somebody
// removed comes back, and no entry of others is touched.
import type { Cluster } from '../cluster/cluster.ts';
import { fieldManagerOf } from '../cluster/field-manager.ts';
import { createSecret, deleteSecret, updateSecret, type SecretUpdate } from '../cluster/secrets.ts';
import { attachPullSecrets, detachPullSecrets } from '../cluster/service-accounts.ts';
import type { CredentialChange } from './credential-change.ts';
import { PULL_SECRET_KEY, PULL_SECRET_TYPE } from './observed-objects.ts';
import type { ObservedNamespace } from './observed.ts';
import { GITOPS, MARK_ANNOTATIONS, MARK_LABELS, writeMarks, type SecretMarks } from './secret-marks.ts';

/** `told`: there is nothing to write. `missing`: what it was to be written to is gone. */
export type ChangeOutcome = 'written' | 'unchanged' | 'missing' | 'told';

export type ApplyOptions = { cluster: Cluster; instance: string; signal?: AbortSignal };

/**
 * @param observed what the change was planned from
 * @throws TransshipError as `Cluster.send`: object-conflict and object-refused where it is no longer as it was seen
 */
export async function applyChange(
  change: CredentialChange,
  observed: ObservedNamespace,
  { cluster, instance, signal }: ApplyOptions,
): Promise<ChangeOutcome> {
  const options = { fieldManager: fieldManagerOf(instance), ...(signal === undefined ? {} : { signal }) };
  const { namespace } = change;
  switch (change.kind) {
    case 'attach-reference':
    case 'detach-reference': {
      const edit = change.kind === 'attach-reference' ? attachPullSecrets : detachPullSecrets;
      const outcome = await edit(cluster, seenServiceAccount(change, observed), change.secrets, options);
      return outcome === 'changed' ? 'written' : outcome;
    }
    case 'create-secret': {
      const { secret: name, content, marks } = change;
      const data = { [PULL_SECRET_KEY]: content };
      await createSecret(cluster, { namespace, name, type: PULL_SECRET_TYPE, data, ...writeMarks(marks) }, options);
      return 'written';
    }
    case 'update-secret':
    case 'release-secret': {
      const { secret: name, uid, resourceVersion, content } = change;
      const marks = change.kind === 'update-secret' ? change.marks : undefined;
      const { annotations = {} } = observed.secrets.get(name) ?? {};
      const update = { data: { [PULL_SECRET_KEY]: content }, ...marksUpdate(marks, annotations) };
      await updateSecret(cluster, { namespace, name, uid, resourceVersion }, update, options);
      return 'written';
    }
    case 'delete-secret': {
      const { secret: name, uid, resourceVersion } = change;
      await deleteSecret(cluster, { namespace, name, uid, resourceVersion }, signal === undefined ? {} : { signal });
      return 'written';
    }
    default:
      return 'told';
  }
}

type ReferenceChange = Extract<CredentialChange, { kind: 'attach-reference' | 'detach-reference' }>;

/** With the list that was seen, so that nothing has to be read first. */
function seenServiceAccount(
  { namespace, serviceAccount: name, resourceVersion }: ReferenceChange,
  observed: ObservedNamespace,
) {
  const seen = observed.serviceAccounts.find((one) => one.name === name);
  if (seen?.resourceVersion !== resourceVersion) return { namespace, name };
  return { namespace, name, resourceVersion, imagePullSecrets: seen.imagePullSecrets };
}

/** What may be ours and is not said any more goes; without marks all of it. What somebody else tells Argo CD stays. */
function marksUpdate(
  marks: SecretMarks | undefined,
  seen: Readonly<Record<string, string>>,
): Pick<SecretUpdate, 'labels' | 'annotations'> {
  const isOurs = (name: string): boolean => {
    const [value, ours] = [seen[name], GITOPS[name]];
    return ours === undefined || value === undefined || value === ours;
  };
  const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, undefined]));
  const { labels, annotations } = marks === undefined ? { labels: {}, annotations: {} } : writeMarks(marks);
  return {
    labels: { ...none(MARK_LABELS), ...labels },
    annotations: Object.fromEntries(
      Object.entries({ ...none(MARK_ANNOTATIONS), ...annotations }).filter(([name]) => isOurs(name)),
    ),
  };
}
