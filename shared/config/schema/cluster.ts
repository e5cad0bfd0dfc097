// The schema of `clusters`: the Kubernetes clusters whose Namespaces get pull credentials, and how each is reached.
import * as z from 'zod';
import { certificateReference, secretReference } from './secret.ts';
import { labelName, serverAddress } from './kubernetes-text.ts';
import { host } from './text.ts';

const name = z.string().min(1);

const customProfile = z
  .strictObject({
    group: name.describe('the API group in the question to the API server'),
    resource: name.describe('the resource, plural; with its subresource: `imagestreams/layers`'),
    verb: name.default('get').describe('the verb of a pull'),
    pushVerb: name.describe('the verb of a push; without it nobody may push by the token endpoint').exactOptional(),
    joinedForm: z
      .boolean()
      .default(false)
      .describe('the registry asks for one resource that is called `a/b`, in place of a resource and its subresource'),
    nameFrom: z
      .enum(['none', 'image'])
      .default('none')
      .describe('what name the registry asks about: none, or the image without its Namespace'),
    clusterRole: name.default('system:image-puller').describe('the ClusterRole that a grant binds'),
    expectServed: z
      .boolean()
      .default(true)
      .describe('`false`: no API serves the resource, it is only a name in such questions'),
  })
  .describe('how the registry asks the API server whether somebody may pull');

const common = {
  registries: z
    .record(host, z.union([z.enum(['acp', 'acp-v2', 'openshift']), z.strictObject({ custom: customProfile })]))
    .describe('registries whose pulls this cluster decides, by `host[:port]`, and how they ask')
    .exactOptional(),
  name: labelName.describe('unique among the clusters; it stands in reports, metrics and addresses'),
  limits: z
    .strictObject({
      requestsPerSecond: z.number().positive().describe('requests a second').exactOptional(),
      concurrency: z.int().min(1).max(256).describe('requests at the same time').exactOptional(),
    })
    .default({})
    .describe('upper limits of what is asked of its API server; its own flow control is honoured besides'),
};

const kubeconfig = z
  .strictObject({
    path: name
      .describe('the file, relative to this one; without it `$KUBECONFIG`, else `~/.kube/config`')
      .exactOptional(),
    context: name.describe('the context, in place of the current one').exactOptional(),
  })
  .describe('as `kubectl` reaches it, plugins for logging in included; `{}` is the current context of the usual file');

const inCluster = z.strictObject({}).describe('the cluster that Transship runs in, by the ServiceAccount of its Pod');

const eks = z
  .strictObject({
    region: name.describe('its region'),
    cluster: name.describe('its name'),
    roleArn: name.describe('the role to assume').exactOptional(),
    externalId: name.describe('the external ID that the role asks for').exactOptional(),
    profile: name.describe('the profile of the AWS configuration files').exactOptional(),
    endpoint: serverAddress.describe('its API server; without it AWS is asked (`eks:DescribeCluster`)').exactOptional(),
    ca: certificateReference.describe('who signs its certificate; goes with `endpoint`').exactOptional(),
  })
  .describe('Amazon EKS, by an AWS identity that an access entry of the cluster admits');

const gke = z
  .strictObject({
    project: name.describe('its project'),
    location: name.describe('its region or zone'),
    cluster: name.describe('its name'),
    credentials: secretReference
      .describe(
        'credentials in JSON, in place of the default ones: a service account key, or the configuration of a workload identity federation',
      )
      .exactOptional(),
    impersonate: name.describe('the service account to act as').exactOptional(),
  })
  .describe('Google Kubernetes Engine, by a Google identity');

const aks = z
  .strictObject({
    subscription: name.describe('its subscription'),
    resourceGroup: name.describe('its resource group'),
    cluster: name.describe('its name'),
    tenantId: name.describe('the tenant').exactOptional(),
    clientId: name.describe('the managed identity or application').exactOptional(),
    clientSecret: secretReference.describe('a secret of the application').exactOptional(),
    certificate: secretReference
      .describe('certificate and private key of the application, one after the other in PEM form')
      .exactOptional(),
  })
  .describe('Azure Kubernetes Service, by an Entra identity');

const FORMS = ['kubeconfig', 'inCluster', 'eks', 'gke', 'aks', 'server'];

const cluster = z.union(
  [
    z.strictObject({ ...common, kubeconfig }),
    z.strictObject({ ...common, inCluster }),
    z.strictObject({ ...common, eks }),
    z.strictObject({ ...common, gke }),
    z.strictObject({ ...common, aks }),
    z.strictObject({
      ...common,
      server: serverAddress.describe('the address of its API server'),
      token: secretReference.describe('where the bearer token is; it is read anew for each request'),
      ca: certificateReference
        .describe('who signs its certificate, beside those that the system trusts')
        .exactOptional(),
    }),
  ],
  { error: ({ input }) => explainForm(input) },
);

export const clusters = z.array(cluster).default([]).describe('Kubernetes clusters, by name, and how each is reached.');

/** One way to reach a cluster must be there, and only one; other mistakes are told by the form itself. */
function explainForm(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const found = FORMS.filter((form) => form in input);
  const list =
    'kubeconfig: {}, inCluster: {}, eks: { region, cluster }, gke: { project, location, cluster }, aks: { subscription, resourceGroup, cluster }, or server and token';
  if (found.length > 1) return `a cluster is reached in one way, and here are ${found.join(' and ')}\nkeep one of them`;
  const hasStrangers = Object.keys(input).some(
    (key) => !FORMS.includes(key) && !['name', 'limits', 'registries', 'token', 'ca'].includes(key),
  );
  return found.length === 0 && !hasStrangers
    ? `it is not said how the cluster is reached\nadd one of ${list}`
    : undefined;
}
