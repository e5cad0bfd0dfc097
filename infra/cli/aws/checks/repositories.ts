// The ECR repositories that rules write to: whether they are there, or made on the way.
import type { Config } from '../../../../shared/config/config.ts';
import { isTransshipError } from '../../../../shared/errors.ts';
import { fillPath } from '../../../../shared/mirror/target-template.ts';
import { parseEcrHost, type EcrHost } from '../../../../shared/registries/ecr-host.ts';
import { askTarget } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { unanswered, type Finding } from './finding.ts';

type Target = { host: string; ecr: EcrHost; repository: string };

export async function checkRepositories(place: AwsPlace, config: Config): Promise<Finding[]> {
  const making = new Set(
    config.registries.flatMap(({ host, createRepository }) => (createRepository === undefined ? [] : [host])),
  );
  const found: Finding[] = [];
  const targets = new Map<string, Target>();
  for (const { name, from, to } of config.rules) {
    for (const template of to) {
      const ecr = parseEcrHost(template.registry);
      if (ecr === undefined || making.has(template.registry)) continue;
      for (const source of from.repositories) {
        const repository = fillPath(template, { ...source, tag: 'latest' });
        targets.set(`${template.registry}/${repository}`, { host: template.registry, ecr, repository });
      }
      if (from.wildcards.length > 0) found.push(unknown(name, template.registry));
    }
  }
  const looked = await Promise.all([...targets.values()].map((target) => look(place, target)));
  if (found.length + looked.length > 0) return [...found, ...looked];
  const message = making.size > 0 ? 'they are made where they are missing' : 'no rule writes to ECR';
  return [{ id: 'repositories', state: 'ok', message }];
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html */
async function look(place: AwsPlace, { host, ecr, repository }: Target): Promise<Finding> {
  const about = `${host}/${repository}`;
  try {
    await askTarget({ ...place, region: ecr.region }, 'ecr', 'DescribeRepositories', {
      registryId: ecr.account,
      repositoryNames: [repository],
    });
    return { id: 'repositories', state: 'ok', about, message: 'it is there' };
  } catch (error) {
    const isMissing = isTransshipError(error) && error.message.includes('does not exist');
    if (!isMissing) return unanswered('repositories', error, about);
    const hint = `let it be made: registries: { ${host}: { createRepository: {} } }, or make it: aws ecr create-repository --repository-name ${repository} --region ${ecr.region}`;
    return { id: 'repositories', state: 'fail', about, message: 'it is not there', hint };
  }
}

function unknown(rule: string, host: string): Finding {
  const message = `rule ${rule}: which repositories it will need is only known when the source is listed`;
  const hint = `let them be made: registries: { ${host}: { createRepository: {} } }`;
  return { id: 'repositories', state: 'warn', about: host, message, hint };
}
