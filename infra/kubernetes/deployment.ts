// Transship as one Pod of the cluster: its ServiceAccount, its data, its Service and its Deployment. The configuration is a ConfigMap
// that its owner makes.
import { partOf, type KubernetesObject, type Manifest } from './kubernetes-object.ts';

export type DeploymentOptions = {
  instance: string;
  namespace: string;
  /** Of the ServiceAccount, and of everything else. */
  name: string;
  image: string;
  apiPort: number;
  /** Where API servers call; absent: they do not. */
  admissionPort?: number;
};

const DATA = '/var/lib/transship';
const CONFIG = '/etc/transship';

export function deployment(options: DeploymentOptions): Manifest[] {
  const { instance, namespace, name } = options;
  const metadata = { name, namespace, labels: partOf(instance) };
  return [
    { purpose: 'Where Transship runs.', object: namespaceObject(options) },
    { purpose: 'Who it is.', object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata } },
    {
      purpose: 'Its data folder: jobs, and the keys that it makes on first use.',
      object: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    },
    { purpose: 'How it is reached.', object: { apiVersion: 'v1', kind: 'Service', metadata, spec: service(options) } },
    {
      purpose: `One process: the data folder has one owner. Its configuration: kubectl -n ${namespace} create configmap ${name} --from-file=transship.yaml`,
      object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec(options) },
    },
  ];
}

function namespaceObject({ namespace, instance }: DeploymentOptions): KubernetesObject {
  const labels = { ...partOf(instance), 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } };
}

function service({ instance, apiPort, admissionPort }: DeploymentOptions) {
  const ports = [{ name: 'api', port: apiPort, targetPort: 'api' }];
  if (admissionPort !== undefined) ports.push({ name: 'admission', port: admissionPort, targetPort: 'admission' });
  return { selector: partOf(instance), ports };
}

function deploymentSpec(options: DeploymentOptions) {
  const { instance, name } = options;
  const labels = partOf(instance);
  return {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          fsGroup: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [container(options)],
        volumes: [
          { name: 'config', configMap: { name } },
          { name: 'data', persistentVolumeClaim: { claimName: name } },
        ],
      },
    },
  };
}

function container({ image, apiPort, admissionPort }: DeploymentOptions) {
  const ports = [{ name: 'api', containerPort: apiPort }];
  if (admissionPort !== undefined) ports.push({ name: 'admission', containerPort: admissionPort });
  return {
    name: 'transship',
    image,
    args: ['serve', '-c', `${CONFIG}/transship.yaml`],
    env: [{ name: 'XDG_STATE_HOME', value: DATA }],
    ports,
    readinessProbe: { httpGet: { path: '/readyz', port: 'api' } },
    livenessProbe: { httpGet: { path: '/livez', port: 'api' }, initialDelaySeconds: 10 },
    resources: { requests: { cpu: '50m', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'config', mountPath: CONFIG, readOnly: true },
      { name: 'data', mountPath: DATA },
    ],
  };
}
