// Reviews that an API server sends before it stores an object, and the answers to them. Everything is allowed, always: we only want to
// know, and to add a reference.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-request-and-response
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import { foundNamespace, malformed, type FoundNamespace } from './namespace-event.ts';
import type { JsonPatch } from './pull-secrets-patch.ts';

export type AdmissionReview = {
  apiVersion: string;
  uid: string;
  operation: string;
  /** `namespaces`, of the core group; of another group with its name behind a dot. */
  resource: string;
  name: string | undefined;
  namespace: string | undefined;
  /** Nothing of it is stored. */
  isDryRun: boolean;
  object: Readonly<Record<string, unknown>>;
};

/** An object has 3 MiB at most, and there is an old one beside it. */
export const MOST_REVIEW_BYTES = 8 * 1024 * 1024;
const VERSIONS = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'];
const MAX_UID_LENGTH = 256;

/** @throws TransshipError invalid-usage for anything but a review */
export function parseAdmissionReview(rawBody: Uint8Array): AdmissionReview {
  const body = rawBody.byteLength > MOST_REVIEW_BYTES ? undefined : parseJson(rawBody);
  if (!isRecord(body) || body['kind'] !== 'AdmissionReview') throw malformed('it is no AdmissionReview');
  const { apiVersion, request } = body;
  if (typeof apiVersion !== 'string' || !VERSIONS.includes(apiVersion)) throw malformed('its version is not known');
  if (!isRecord(request)) throw malformed('it has no request');
  const { uid, operation, resource, subResource, dryRun, object } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > MAX_UID_LENGTH) throw malformed('its request has no uid');
  if (typeof operation !== 'string' || !isRecord(resource)) throw malformed('it does not say what is asked for');
  return {
    apiVersion,
    uid,
    operation,
    resource: [resource['resource'], subResource, resource['group']].filter(isText).join('.'),
    name: textOf(request['name']),
    namespace: textOf(request['namespace']),
    isDryRun: dryRun === true,
    object: isRecord(object) ? object : {},
  };
}

/**
 * The Namespace that will be made if nobody else refuses it; undefined for a review of something else, and for a dry run.
 * @throws TransshipError invalid-usage
 */
export function namespaceOfReview({
  operation,
  resource,
  isDryRun,
  name,
  object,
}: AdmissionReview): FoundNamespace | undefined {
  if (operation !== 'CREATE' || resource !== 'namespaces' || isDryRun) return undefined;
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  // by generateName the object has its name before the request does, and before Kubernetes 1.30 neither
  const given = name ?? textOf(metadata['name']);
  return given === undefined ? undefined : foundNamespace('admission', given, metadata['uid']);
}

/** The answer, as JSON; the patch changes the object before it is stored. */
export function allow({ apiVersion, uid }: Pick<AdmissionReview, 'apiVersion' | 'uid'>, patch: JsonPatch = []): object {
  const change =
    patch.length === 0 ? {} : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  return { apiVersion, kind: 'AdmissionReview', response: { uid, allowed: true, ...change } };
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
