// Which file may import which package, and which must do so lazily. Tests are free: they are not shipped.
import type { SourceFile } from './source-file.ts';

type PackageRule = {
  packages: RegExp;
  /** The files that may import it. */
  files: RegExp;
  /** Must not be loaded before it is used. */
  lazy?: true;
};

const vendorFiles = (cloud: string, vendors: string) =>
  new RegExp(`^shared/(identity/${cloud}|registries/(${vendors})|grants/(${vendors})/)[^/]*\\.ts$`);

const RULES: readonly PackageRule[] = [
  { packages: /^undici$/, files: /^shared\/oci\/http\/transport[^/]*\.ts$/ },
  { packages: /^hash-wasm$/, files: /^shared\/mirror\/resumable-hash\.ts$/, lazy: true },
  { packages: /^node:sqlite$/, files: /^infra\/node\// },
  { packages: /^@kubernetes\/client-node$/, files: /^shared\/cluster\// },
  { packages: /^@aws-sdk\/(client-sqs|client-dynamodb|lib-dynamodb)$/, files: /^infra\/aws\// },
  {
    packages: /^@aws-sdk\/(?!client-sqs$|client-dynamodb$|lib-dynamodb$)|^@smithy\//,
    files: vendorFiles('aws', 'ecr'),
    lazy: true,
  },
  {
    packages: /^@google-cloud\/|^google-auth-library$|^googleapis$|^google-gax$/,
    files: vendorFiles('google', 'artifact-registry'),
    lazy: true,
  },
  { packages: /^@azure\//, files: vendorFiles('azure', 'acr'), lazy: true },
];

export function checkPackages(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => /^(shared|functions|infra)\//.test(path)).flatMap(checkFile);
}

function checkFile(file: SourceFile): string[] {
  const violations: string[] = [];
  for (const { target, kind } of file.imports) {
    const rule = RULES.find(({ packages }) => packages.test(packageName(target)));
    if (rule === undefined) continue;
    if (!rule.files.test(file.path)) violations.push(`${file.path}: must not import ${target}`);
    else if (rule.lazy && kind === 'static') violations.push(`${file.path}: must import ${target} lazily`);
  }
  return violations;
}

/** `@azure/identity` of `@azure/identity/dist/x.js` */
function packageName(target: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target;
}
