// Tries a pull as the kubelet would for a Pod of a ServiceAccount: with what its pull Secrets have for the image, else without a login.
// https://kubernetes.io/docs/concepts/containers/images/#using-a-private-registry
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { getSecret } from '../../shared/cluster/secrets.ts';
import { getServiceAccount } from '../../shared/cluster/service-accounts.ts';
import { credentialFor } from '../../shared/credentials/docker-config.ts';
import { isTransshipError } from '../../shared/errors.ts';
import type { PullAnswer } from '../../shared/grants/pull-answer.ts';
import { formatReference, type Reference } from '../../shared/oci/reference.ts';
import type { ProbeImage } from '../../shared/registries/configured-probe.ts';
import type { PullVerdict } from '../../shared/registries/probe-pull.ts';
import { vendorOf } from '../../shared/registries/vendors.ts';
import { Secret } from '../../shared/telemetry/secret.ts';

type Account = { namespace: string; name: string };

type Trial = {
  cluster: Cluster;
  account: Account;
  image: Reference;
  /** Of the registry, where the configuration names it. */
  kind: string | undefined;
  probeImage: ProbeImage;
  signal?: AbortSignal;
};

export type Tried = Pick<PullAnswer, 'answer' | 'why' | 'notes' | 'hint'>;

type Found = { secret: string; username: string; password: Secret };

/** Where nodes have a login of their own, by the identity of the machine. */
const NODES_LOG_IN = new Set(['ecr', 'artifact-registry', 'acr']);

/** @throws TransshipError as `Cluster.send`, but for denied; interrupted */
export async function tryAsKubelet(trial: Trial): Promise<Tried> {
  const { cluster, account, image, probeImage, signal } = trial;
  const shown = `ServiceAccount ${account.namespace}/${account.name}`;
  const options = signal === undefined ? {} : { signal };
  const there = await getServiceAccount(cluster, account, options);
  if (there === undefined) {
    return { answer: 'unknown', why: `${shown} is not there`, notes: [], hint: 'no Pod can run as it: make it first' };
  }
  const { found, notes } = await credentialsOf(trial, there.imagePullSecrets, options);
  const verdicts: { from: string; verdict: PullVerdict }[] = [];
  for (const { secret, username, password } of found) {
    const verdict = await probeImage(image, { username, secret: password }, signal);
    const from = `Secret ${account.namespace}/${secret}`;
    if (verdict.state === 'ok') return { answer: 'yes', why: `${image.registry} takes what ${from} has for it`, notes };
    verdicts.push({ from, verdict });
  }
  if (verdicts.length === 0) return withoutLogin(trial, await probeImage(image, undefined, signal), notes);
  const unclear = verdicts.find(({ verdict }) => verdict.state === 'unknown');
  const told = unclear ?? verdicts[0];
  return {
    answer: unclear === undefined && notes.length === 0 ? 'no' : 'unknown',
    why: told === undefined ? '' : textOf(told),
    notes,
    ...hintOf(told?.verdict),
  };
}

async function credentialsOf(
  { cluster, account: { namespace }, image }: Trial,
  names: readonly string[],
  options: { signal?: AbortSignal },
): Promise<{ found: Found[]; notes: string[] }> {
  const found: Found[] = [];
  const notes: string[] = [];
  for (const name of names) {
    const text = await readPullSecret(cluster, { namespace, name }, options);
    if ('note' in text) {
      notes.push(text.note);
      continue;
    }
    const credential = credentialFor(Buffer.from(text.content.reveal(), 'utf8'), formatReference(image));
    if (credential === undefined) continue;
    found.push({ secret: name, username: credential.username, password: new Secret(credential.password) });
  }
  return { found, notes };
}

async function readPullSecret(
  cluster: Cluster,
  place: Account,
  options: { signal?: AbortSignal },
): Promise<{ content: Secret } | { note: string }> {
  const shown = `Secret ${place.namespace}/${place.name}`;
  try {
    const secret = await getSecret(cluster, place, options);
    if (secret === undefined) return { note: `${shown} is not there: the ServiceAccount names it` };
    const content = secret.data.get('.dockerconfigjson') ?? secret.data.get('.dockercfg');
    return content === undefined ? { note: `${shown} is no pull Secret` } : { content };
  } catch (error) {
    if (!isTransshipError(error, 'denied')) throw error;
    return { note: `${shown} may not be read here` };
  }
}

function withoutLogin({ image, kind }: Trial, verdict: PullVerdict, notes: readonly string[]): Tried {
  const { registry } = image;
  if (verdict.state === 'ok')
    return { answer: 'yes', why: `${registry} lets everybody pull it, without a login`, notes };
  if (verdict.state === 'unknown') return { answer: 'unknown', why: verdict.message, notes, ...hintOf(verdict) };
  const why = `its ServiceAccount names no Secret with a credential for it, and ${registry} lets nobody pull without one`;
  const isNode = NODES_LOG_IN.has(vendorOf(registry, kind).kind);
  const hint = `bring one there: transship credentials refresh, with a rule for ${registry}`;
  if (!isNode && notes.length === 0) return { answer: 'no', why, notes, hint };
  return { answer: 'unknown', why: isNode ? `${why}; nodes may log in by an identity of their own` : why, notes, hint };
}

function textOf({ from, verdict }: { from: string; verdict: PullVerdict }): string {
  return verdict.state === 'ok' ? from : `with ${from}: ${verdict.message}`;
}

function hintOf(verdict: PullVerdict | undefined): { hint?: string } {
  return verdict === undefined || verdict.state === 'ok' || verdict.hint === undefined ? {} : { hint: verdict.hint };
}
