// The configuration that `transship aws init` writes: one rule that a push to ECR of the same account starts, and what one begins with
// next, as comments.
import { awsPartition } from '../../../shared/identity/aws-partition.ts';

export type StarterAnswers = {
  account: string;
  region: string;
  /** Of that account and region; at least one. */
  repositories: readonly string[];
  /** Where images go: `registry/path/{repository}`. */
  to: string;
};

/** As the host of the private registry of an account. */
export function registryHost({ account, region }: Pick<StarterAnswers, 'account' | 'region'>): string {
  return `${account}.dkr.ecr.${region}.${awsPartition(region).dnsSuffix}`;
}

export function starterConfig(answers: StarterAnswers): string {
  const host = registryHost(answers);
  const { repositories, to, region } = answers;
  const target = to.split('/')[0] ?? '';
  const from = repositories.length === 1 ? repositories[0] : `{${repositories.join(',')}}`;
  const login = isEcr(target)
    ? `{ credential: { aws: {} }, createRepository: {} }`
    : `{ credential: { username: { awsSecret: { id: transship/target, key: username } }, password: { awsSecret: { id: transship/target, key: password } } } }`;
  const others = target === host ? '' : `  ${quoted(target)}: ${login}\n`;
  return `# Transship on AWS: docs/aws.md. Check it: transship config validate, transship aws doctor
version: 1

registries: # functions log in by their roles; passwords stand in Secrets Manager: { awsSecret: { id: NAME } }
  ${host}: { credential: { aws: {} }, createRepository: {} } # repositories that are missing are made
${others}
receivers: # events of ECR come by EventBridge, and prove themselves
  - { id: ecr, kind: ecr, registry: ${host}, auth: { mode: platform } }
# - { id: hub, kind: docker-hub, registry: docker.io, auth: { mode: path } } # transship aws urls prints its address

mirrors:
  - name: first
    from: ${quoted(`${host}/${from}`)}
    to: [${quoted(to)}] # one read feeds all
    schedule: { every: 1h } # finds what events lost

# clusters: # an access entry lets the functions in: docs/aws.md
#   - { name: prod, eks: { region: ${region}, cluster: prod } }
#
# credentials: # pull Secrets, renewed before they end
#   - name: pull
#     clusters: [prod]
#     namespaces: { selector: { transship.io/pull: 'true' } }
#     registries: [${host}]
#     secret: { name: registry-pull }
#     serviceAccounts: [default]
`;
}

function isEcr(host: string): boolean {
  return /^\d{12}\.dkr\.ecr\./.test(host);
}

/** Braces begin a map in YAML. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
