// The real servers and clients that the tests use: which version, how to recognise it, and where it can be had.

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
  | 'schemathesis';

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
);

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
];

/** `TRANSSHIP_TEST_DOCKER_REGISTRY`: the path of a program to be used as it is. */
export function environmentVariable({ name }: Component): string {
  return `TRANSSHIP_TEST_${name.toUpperCase().replaceAll('-', '_')}`;
}
