// The configuration: that functions can work with it, and that the deployed one is the one here.
import { isTransshipError } from '../../../../shared/errors.ts';
import { printable } from '../../../../shared/telemetry/printable.ts';
import { configProblemsOf } from '../../problem.ts';
import type { DeployedConfig } from '../deployed-config.ts';
import { asInLambda, meansTheSame } from '../deployed-config.ts';
import { secretReferencesIn } from '../secret-references.ts';
import type { Finding } from './finding.ts';

const HINTS = {
  env: 'functions have no variables of yours: put it into Secrets Manager, and write { awsSecret: { id: NAME } }',
  file: 'functions have no files of yours: put it into Secrets Manager, and write { awsSecret: { id: NAME } }',
  kubernetesSecret: 'functions run in no cluster: put it into Secrets Manager, and write { awsSecret: { id: NAME } }',
} as const;

/** What is well on one's own machine and cannot work in a function. */
export function checkConfig({ loaded: { effective, config, files }, text }: DeployedConfig): Finding[] {
  const found: Finding[] = [];
  const fail = (about: string, message: string, hint: string) =>
    void found.push({ id: 'config', state: 'fail', about, message, hint });
  for (const { kind, place, target } of secretReferencesIn(effective)) {
    if (kind === 'awsSecret' || kind === 'awsParameter') continue;
    fail(place, `${kind} ${printable(target, 200)} can't be read by a function`, HINTS[kind]);
  }
  for (const cluster of config.clusters) {
    const way = 'inCluster' in cluster ? 'inCluster' : 'kubeconfig' in cluster ? 'kubeconfig' : undefined;
    if (way === undefined) continue;
    const hint = 'write eks: { region, cluster }, or server and token with an awsSecret';
    fail(`clusters[${cluster.name}]`, `functions can't reach a cluster by ${way}`, hint);
  }
  found.push(...checkReadable(text));
  if (found.length > 0) return found;
  return [{ id: 'config', state: 'ok', message: `${files.join(', ')} can be used by functions` }];
}

function checkReadable(text: string): Finding[] {
  try {
    asInLambda(text);
    return [];
  } catch (error) {
    if (!isTransshipError(error, 'invalid-config')) throw error;
    const [first] = configProblemsOf(error);
    const hint = first?.hint ?? error.hint;
    return [
      {
        id: 'config',
        state: 'fail',
        message: `a function can't read it: ${first?.message ?? error.message}`,
        ...(hint === undefined ? {} : { hint }),
      },
    ];
  }
}

/** @param deployed the text that functions read; undefined where there is none */
export function checkDeployedConfig(
  place: string,
  deployed: string | undefined,
  local: DeployedConfig | undefined,
): Finding[] {
  if (deployed === undefined) {
    const message = `${place} is not there, and functions refuse to work`;
    // without it nobody can say which rights the functions have, and --config-only is refused
    return [{ id: 'config-object', state: 'fail', message, hint: 'deploy the one here: transship aws deploy' }];
  }
  const [problem] = checkReadable(deployed);
  if (problem !== undefined) return [{ ...problem, id: 'config-object', message: `${place}: ${problem.message}` }];
  if (local === undefined) return [{ id: 'config-object', state: 'ok', message: `${place} is a good configuration` }];
  if (meansTheSame(deployed, local.text)) {
    return [
      { id: 'config-object', state: 'ok', message: `${place} says the same as ${local.loaded.files.join(', ')}` },
    ];
  }
  const message = `${place} is another configuration than ${local.loaded.files.join(', ')}`;
  const upload = 'upload the one here: transship aws deploy --config-only';
  return [{ id: 'config-object', state: 'warn', message, hint: `${upload}; or get that one: aws s3 cp ${place} -` }];
}
