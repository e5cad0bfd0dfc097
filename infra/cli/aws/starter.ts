// The configuration that `transship aws init` writes: the starter of the stack, with the account, the region and the repositories of
// whoever asks in place of its own.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { awsPartition } from '../../../shared/identity/aws-partition.ts';
import { packageRoot } from '../package-root.ts';

export type StarterAnswers = {
  account: string;
  region: string;
  /** Of that account and region; at least one. */
  repositories: readonly string[];
  /** Where images go, `REGISTRY/PATH/{repository}`; absent: as in the starter, into the same registry. */
  to?: string;
};

const FILE = path.join('infra', 'aws', 'stack', 'starter.yaml');

/** What stands in the starter. */
const SAMPLE = { account: '123456789012', region: 'eu-west-1', repository: 'team/app' };

/** As the host of the private registry of an account. */
export function registryHost({ account, region }: Pick<StarterAnswers, 'account' | 'region'>): string {
  return `${account}.dkr.ecr.${region}.${awsPartition(region).dnsSuffix}`;
}

export async function starterConfig(answers: StarterAnswers): Promise<string> {
  return filledStarter(await readFile(path.join(packageRoot().folder, FILE), 'utf8'), answers);
}

/** @param starter the text of the starter */
export function filledStarter(starter: string, { account, region, repositories, to }: StarterAnswers): string {
  const host = registryHost({ account, region });
  const sampleHost = registryHost(SAMPLE);
  const from = repositories.length === 1 ? repositories[0] : `{${repositories.join(',')}}`;
  const text = starter.replace(`from: ${sampleHost}/${SAMPLE.repository} `, `from: ${quoted(`${host}/${from}`)} `);
  const targeted =
    to === undefined
      ? text
      : text
          .replace(`- ${sampleHost}/mirror/{repository} `, `- ${quoted(to)} `)
          .replace(/^mirrors:$/m, () => `${registryEntry(to.split('/')[0] ?? '', host)}mirrors:`);
  return targeted.replaceAll(sampleHost, host).replaceAll(`region: ${SAMPLE.region}`, `region: ${region}`);
}

/** Nothing for the registry that is there already. */
function registryEntry(target: string, host: string): string {
  if (target === host) return '';
  const isEcr = /^\d{12}\.dkr\.ecr\./.test(target);
  const login = isEcr
    ? ['    credential: { aws: {} }', '    createRepository: {}']
    : [
        '    credential:',
        '      username: { awsSecret: { id: transship/target, key: username } }',
        '      password: { awsSecret: { id: transship/target, key: password } }',
      ];
  return [`  ${quoted(target)}:`, ...login, '', ''].join('\n');
}

function quoted(text: string): string {
  return /^[\w./{}-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
