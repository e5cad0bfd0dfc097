// Asks a cluster whose token somebody shows, and whether it was made for us.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
import { printable } from '../telemetry/printable.ts';
import { redactText } from '../telemetry/redact-text.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { fieldOf, readObject, readText, readTextLists, readTextList, requireText } from './json-fields.ts';

export type TokenQuestion = {
  token: Secret;
  /** Whom it has to be made for: one of them suffices. Absent: the API server itself. */
  audiences?: readonly string[];
};

/** Who shows it, as an access review wants to be told. */
type TokenOwner = {
  user: string;
  uid?: string;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
  /** Of those that were asked for, for which it was made. */
  audiences: readonly string[];
};

/** `why`: in the words of the API server, without the token. */
export type TokenAnswer = { owner: TokenOwner } | { owner?: undefined; why: string };

/**
 * A token that was made for somebody else counts as none, also where the API server knows nothing of audiences.
 * @throws TransshipError as `Cluster.send` does; asking takes a right of its own
 */
export async function reviewToken(
  cluster: Cluster,
  { token, audiences }: TokenQuestion,
  options: { signal?: AbortSignal } = {},
): Promise<TokenAnswer> {
  const apiVersion = 'authentication.k8s.io/v1';
  const spec = { token: token.reveal(), ...(audiences !== undefined && { audiences }) };
  const answer = await cluster.send({
    method: 'POST',
    path: `/apis/${apiVersion}/tokenreviews`,
    body: { apiVersion, kind: 'TokenReview', spec },
    ...options,
  });
  const status = readObject(answer, 'status') ?? {};
  if (fieldOf(status, 'authenticated') !== true) {
    const said = (readText(status, 'error') ?? '').replaceAll(token.reveal(), '[redacted]');
    return { why: said === '' ? 'the API server does not know this token' : printable(redactText(said)) };
  }
  const madeFor = readTextList(status, 'audiences');
  const meant = audiences === undefined ? madeFor : audiences.filter((audience) => madeFor.includes(audience));
  if (audiences !== undefined && meant.length === 0) {
    return { why: `the token was not made for ${audiences.join(', ')}` };
  }
  return { owner: toOwner(readObject(status, 'user') ?? {}, meant) };
}

function toOwner(user: ApiObject, audiences: readonly string[]): TokenOwner {
  const uid = readText(user, 'uid');
  return {
    user: requireText(user, 'username'),
    ...(uid !== undefined && uid !== '' && { uid }),
    groups: readTextList(user, 'groups'),
    extra: readTextLists(user, 'extra'),
    audiences,
  };
}
