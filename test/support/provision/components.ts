// The real servers and clients that the tests use: which version, how to recognise it, and where it can be had.

import path from 'node:path';

export type ComponentName =
  | 'docker-registry'
  | 'distribution'
  | 'skopeo'
  | 'containerd'
  | 'ctr'
  | 'crane'
  | 'regctl'
  | 'regsync'
  | 'moto'
  | 'schemathesis'
  | 'cfn-lint'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl';

export type Component = {
  name: ComponentName;
  /** The program's file name, also in the cache. */
  binary: string;
  /** The version that is built; the cache is keyed by it. */
  version: string;
  /** Makes the program print its version; `accepts` keeps out a namesake on the PATH. */
  versionArguments: readonly string[];
  accepts: RegExp;
} & (
  | { debianPackage: string }
  | { goPackage: string; buildTime: string }
  /** `module` is what Python starts. */
  | { pythonPackage: string; module: string; buildTime: string }
  | GoModulePrograms
);

/** Programs that are built together, by a Go module of ours that says of what. */
export type GoModulePrograms = {
  /** Its folder. */
  goModule: string;
  goPackages: readonly string[];
  /** For the linker: what a release's build writes into the programs. */
  goVariables: Readonly<Record<string, string>>;
  /** The name of their one folder in the cache, before the version. */
  cacheName: string;
  /** The variable that names a folder in which others of their tests keep the same programs. */
  folderVariable: string;
  buildTime: string;
};

const KUBERNETES_VERSION = '1.36.3';
const KUBERNETES = {
  version: KUBERNETES_VERSION,
  accepts: /\bv1\.36\./,
  goModule: path.resolve(import.meta.dirname, '../kubernetes'),
  goPackages: ['kube-apiserver', 'kube-controller-manager', 'kubectl'].map((name) => `k8s.io/kubernetes/cmd/${name}`),
  goVariables: {
    'k8s.io/component-base/version.gitVersion': `v${KUBERNETES_VERSION}`,
    'k8s.io/component-base/version.gitMajor': '1',
    'k8s.io/component-base/version.gitMinor': '36',
  },
  cacheName: 'kubernetes',
  // https://book.kubebuilder.io/reference/envtest.html
  folderVariable: 'KUBEBUILDER_ASSETS',
  buildTime: '10 min',
} as const satisfies GoModulePrograms & Partial<Component>;

export const COMPONENTS: readonly Component[] = [
  {
    name: 'docker-registry',
    binary: 'docker-registry',
    version: '2.8',
    versionArguments: ['--version'],
    accepts: /\b2\.8\./,
    debianPackage: 'docker-registry',
  },
  {
    name: 'skopeo',
    binary: 'skopeo',
    version: '1',
    versionArguments: ['--version'],
    accepts: /^skopeo version 1\./,
    debianPackage: 'skopeo',
  },
  {
    name: 'containerd',
    binary: 'containerd',
    version: '1',
    versionArguments: ['--version'],
    accepts: /^containerd /,
    debianPackage: 'containerd',
  },
  {
    name: 'ctr',
    binary: 'ctr',
    version: '1',
    versionArguments: ['--version'],
    accepts: /^ctr /,
    debianPackage: 'containerd',
  },
  {
    name: 'crane',
    binary: 'crane',
    version: '0.22.1',
    versionArguments: ['version'],
    accepts: /\b0\.22\./,
    goPackage: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
    buildTime: '45 s',
  },
  {
    name: 'regctl',
    binary: 'regctl',
    version: '0.11.7',
    versionArguments: ['version'],
    accepts: /\b0\.11\./,
    goPackage: 'github.com/regclient/regclient/cmd/regctl@v0.11.7',
    buildTime: '20 s',
  },
  {
    name: 'regsync',
    binary: 'regsync',
    version: '0.11.7',
    versionArguments: ['version'],
    accepts: /\b0\.11\./,
    goPackage: 'github.com/regclient/regclient/cmd/regsync@v0.11.7',
    buildTime: '20 s',
  },
  {
    name: 'distribution',
    binary: 'registry',
    version: '3.1.2',
    versionArguments: ['--version'],
    accepts: /distribution\/v3|\bv?3\.\d/,
    goPackage: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2',
    buildTime: '3 min',
  },
  {
    name: 'moto',
    binary: 'moto_server',
    version: '5.2.5',
    // it has no version to print
    versionArguments: ['--help'],
    accepts: /Which host to bind/,
    pythonPackage: 'moto[server]==5.2.5',
    module: 'moto.server',
    buildTime: '1 min',
  },
  {
    name: 'schemathesis',
    binary: 'schemathesis',
    version: '4.32.5',
    versionArguments: ['--version'],
    accepts: /version 4\./,
    pythonPackage: 'schemathesis==4.32.5',
    module: 'schemathesis.cli',
    buildTime: '30 s',
  },
  {
    name: 'cfn-lint',
    binary: 'cfn-lint',
    version: '1.58.0',
    versionArguments: ['--version'],
    accepts: /\b1\.58\./,
    pythonPackage: 'cfn-lint==1.58.0',
    module: 'cfnlint.runner.cli',
    buildTime: '30 s',
  },
  {
    name: 'etcd',
    binary: 'etcd',
    version: '3',
    versionArguments: ['--version'],
    accepts: /^etcd Version: 3\./,
    debianPackage: 'etcd-server',
  },
  // the long build comes last
  { ...KUBERNETES, name: 'kube-apiserver', binary: 'kube-apiserver', versionArguments: ['--version'] },
  {
    ...KUBERNETES,
    name: 'kube-controller-manager',
    binary: 'kube-controller-manager',
    versionArguments: ['--version'],
  },
  { ...KUBERNETES, name: 'kubectl', binary: 'kubectl', versionArguments: ['version', '--client'] },
];

/** `TRANSSHIP_TEST_DOCKER_REGISTRY`: the path of a program to be used as it is. */
export function environmentVariable({ name }: Component): string {
  return `TRANSSHIP_TEST_${name.toUpperCase().replaceAll('-', '_')}`;
}
