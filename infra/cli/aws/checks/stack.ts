// The stack and its functions: whether they are there, whole, and able to run.
import { VERSION } from '../../../aws/host/user-agent.ts';
import { AWS_FUNCTIONS } from '../../../aws/stack/functions.ts';
import { printable } from '../../../../shared/telemetry/printable.ts';
import type { AwsPlace } from '../aws-place.ts';
import type { Deployment } from '../deployment.ts';
import { isOlder } from '../deploy-warnings.ts';
import type { DeployedFunction } from '../functions-of.ts';
import { apiUrlOf, type Stack } from '../stack.ts';
import type { Finding } from './finding.ts';

export function checkStack(place: AwsPlace, stack: Stack | undefined): Finding[] {
  const { stage, region } = place;
  const deploy = `transship aws deploy --stage ${stage} --region ${region}`;
  if (stack === undefined) {
    const message = `${place.stack} is not deployed in ${region}`;
    return [{ id: 'stack', state: 'warn', message, hint: `deploy it: ${deploy}; or name another --stage or --region` }];
  }
  const { status, reason = '', updatedAt } = stack;
  const since = updatedAt === undefined ? '' : `, changed ${updatedAt}`;
  const why = reason === '' ? '' : `: ${printable(reason, 300)}`;
  const message = `${place.stack} is ${status}${since}${why}`;
  if (/^(?:CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) {
    const url = apiUrlOf(stack, place);
    return [{ id: 'stack', state: 'ok', message: url === undefined ? message : `${message}; ${url}` }];
  }
  // a first change set that CloudFormation refused: nothing goes on there
  if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS') {
    return [{ id: 'stack', state: 'warn', message, hint: 'wait until CloudFormation has ended, and look again' }];
  }
  const state = isTakenBack(status) ? 'warn' : 'fail';
  return [{ id: 'stack', state, message, hint: wayOut(place, status, deploy) }];
}

/** Whether it is of this version: another one may understand a configuration otherwise. */
export function checkVersion({ stage, region }: AwsPlace, deployment: Deployment | undefined): Finding[] {
  if (deployment === undefined || deployment.version === VERSION) return [];
  const { version } = deployment;
  const hint = isOlder(VERSION, version)
    ? 'install that version here'
    : `deploy this one: transship aws deploy --stage ${stage} --region ${region}`;
  const message = `${printable(version, 60)} is deployed, and this is ${VERSION}`;
  return [{ id: 'stack', state: 'warn', about: 'version', message, hint }];
}

/** True where it is as it was before the last change, whole. */
function isTakenBack(status: string): boolean {
  return status === 'UPDATE_ROLLBACK_COMPLETE' || status === 'IMPORT_ROLLBACK_COMPLETE';
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
function wayOut({ stack, region }: AwsPlace, status: string, deploy: string): string {
  const name = `--stack-name ${stack} --region ${region}`;
  if (isTakenBack(status)) {
    return `the last change was taken back, what ran before it runs: look at the events of the stack, then ${deploy}`;
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') return `aws cloudformation continue-update-rollback ${name}, then ${deploy}`;
  if (status === 'UPDATE_FAILED') return `aws cloudformation rollback-stack ${name}, then ${deploy}`;
  if (status === 'IMPORT_ROLLBACK_FAILED')
    return 'look at its events, and mend what CloudFormation could not take back';
  if (status.startsWith('DELETE')) return `finish its removal (aws cloudformation delete-stack), then ${deploy}`;
  return `it was never whole: look at its events, then aws cloudformation delete-stack ${name}, and ${deploy}`;
}

export function checkFunctions(functions: readonly DeployedFunction[]): Finding[] {
  const missing = AWS_FUNCTIONS.filter(({ name }) => !functions.some((one) => one.name === name));
  const broken: Finding[] = functions.flatMap(({ name, state, trouble }) => {
    if (trouble !== '') return [failed(name, `its last change failed: ${printable(trouble, 300)}`)];
    // a function that nobody called for weeks is put away, and comes back with the next call
    return state === 'Failed' ? [failed(name, 'Lambda cannot run it')] : [];
  });
  const absent = missing.map(({ name }) => failed(name, 'it is not in the stack'));
  if (broken.length + absent.length > 0) return [...broken, ...absent];
  return [{ id: 'functions', state: 'ok', message: `all ${functions.length} are there` }];
}

function failed(about: string, message: string): Finding {
  return { id: 'functions', state: 'fail', about, message, hint: 'deploy again: transship aws deploy' };
}
