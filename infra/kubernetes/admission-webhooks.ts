// The webhooks by which API servers tell of new Namespaces, and by which older ones give new ServiceAccounts their references. Both let
// everything through, also when nobody answers.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
import { objectNameOf, partOf, type KubernetesObject, type Manifest } from './kubernetes-object.ts';

/** A name must have three parts. */
const DOMAIN = 'transship.io';
const TIMEOUT_SECONDS = 5;

export type WebhookOptions = {
  instance: string;
  /** With everything that is needed to get in. */
  url: URL;
  /** PEM; absent: the API server trusts the certificate anyway. */
  certificateAuthority?: string;
};

export function namespaceWebhook(options: WebhookOptions): Manifest {
  return {
    purpose:
      'The API server tells Transship of each new Namespace; it does not wait for the work and lets everything through, also when nobody answers.',
    object: {
      ...head('ValidatingWebhookConfiguration', 'namespaces', options),
      webhooks: [
        {
          ...webhook(`namespaces.${DOMAIN}`, options),
          sideEffects: 'NoneOnDryRun',
          rules: [created('namespaces', 'Cluster')],
        },
      ],
    },
  };
}

/** For clusters that do not have MutatingAdmissionPolicy. */
export function referenceWebhook(options: WebhookOptions): Manifest {
  return {
    purpose:
      'The API server asks Transship for the references of each new ServiceAccount, so that no Pod can be made before they are there; it goes on when nobody answers.',
    object: {
      ...head('MutatingWebhookConfiguration', 'references', options),
      webhooks: [
        {
          ...webhook(`references.${DOMAIN}`, options),
          sideEffects: 'None',
          reinvocationPolicy: 'IfNeeded',
          rules: [created('serviceaccounts', 'Namespaced')],
        },
      ],
    },
  };
}

function head(kind: string, suffix: string, { instance }: WebhookOptions): KubernetesObject {
  const metadata = { name: objectNameOf(instance, suffix), labels: partOf(instance) };
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata };
}

function webhook(name: string, options: WebhookOptions) {
  const { certificateAuthority } = options;
  const caBundle = certificateAuthority === undefined ? {} : { caBundle: toBase64(certificateAuthority) };
  return {
    name,
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Ignore',
    matchPolicy: 'Equivalent',
    timeoutSeconds: TIMEOUT_SECONDS,
    clientConfig: { ...addressOf(options.url), ...caBundle },
  };
}

function created(resource: string, scope: 'Cluster' | 'Namespaced') {
  return { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource], scope };
}

/** A Service is named as such: API servers do not ask the DNS of their cluster. */
function addressOf(url: URL): object {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?$/.exec(url.hostname) ?? [];
  if (name === undefined || namespace === undefined) return { url: url.href };
  return { service: { name, namespace, path: url.pathname, port: Number(url.port === '' ? 443 : url.port) } };
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
