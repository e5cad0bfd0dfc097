// How the programs of a Kubernetes control plane are started for tests, and the files that they read.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** The files of one control plane, all in one folder. */
export type ControlPlane = { folder: string; etcdPort: number; peerPort: number; port: number; clientCaFile: string };

const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    // what the server asks itself would fill the log
    { level: 'None', users: ['system:apiserver'] },
    { level: 'None', nonResourceURLs: ['/readyz*', '/livez*', '/openapi*', '/version'] },
    { level: 'Metadata' },
  ],
};

/** @param tokens by user */
export function writeInputs(
  folder: string,
  users: ReadonlyMap<string, readonly string[]>,
  tokens: ReadonlyMap<string, string>,
): void {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(path.join(folder, 'sa.key'), privateKey);
  writeFileSync(path.join(folder, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
  const rows = [...users].map(([user, groups]) => `${tokens.get(user)},${user},${user},"${groups.join(',')}"`);
  writeFileSync(path.join(folder, 'tokens.csv'), `${rows.join('\n')}\n`);
}

export function etcdArguments({ folder, etcdPort, peerPort }: ControlPlane): string[] {
  const url = `http://127.0.0.1:${etcdPort}`;
  return [
    `--data-dir=${path.join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=error',
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
  ];
}

export function apiServerArguments({ folder, etcdPort, port, clientCaFile }: ControlPlane): string[] {
  const key = path.join(folder, 'sa.key');
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${path.join(folder, 'certs')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${path.join(folder, 'tokens.csv')}`,
    `--client-ca-file=${clientCaFile}`,
    '--service-cluster-ip-range=10.4.0.0/16',
    '--profiling=false',
    `--audit-policy-file=${path.join(folder, 'audit-policy.json')}`,
    `--audit-log-path=${path.join(folder, 'audit.log')}`,
  ];
}

/** Of all controllers those that the tests need. */
export function controllerArguments({ folder }: ControlPlane, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--controllers=serviceaccount-controller,serviceaccount-token-controller,namespace-controller,garbage-collector-controller',
    `--service-account-private-key-file=${path.join(folder, 'sa.key')}`,
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    // thousands of namespaces at a time
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
  ];
}
