// Whether anybody who may can remove the stack by mistake, where it is to keep what it knows.
import type { AwsPlace } from '../aws-place.ts';
import type { Deployment } from '../deployment.ts';
import { lockCommand } from '../lock-stack.ts';
import type { Stack } from '../stack.ts';
import type { Finding } from './finding.ts';

export function checkProtection(place: AwsPlace, stack: Stack, deployment: Deployment | undefined): Finding[] {
  const { stage, region } = place;
  if (stack.isProtected) {
    return [{ id: 'protection', state: 'ok', message: 'the stack is locked, nobody removes it by mistake' }];
  }
  const keepData = deployment?.parameters.get('keepData');
  if (keepData === undefined) {
    const message = 'the stack is not locked, and does not say whether it is to keep its data';
    return [{ id: 'protection', state: 'skipped', message }];
  }
  if (keepData === 'Delete') {
    const message = 'the stack is not locked: its data go away with it, that is how it was deployed';
    return [{ id: 'protection', state: 'ok', message }];
  }
  const again = deployment?.parameters.get('protectStack') === 'false' ? ' --param protectStack=true' : '';
  const deploy = `transship aws deploy --stage ${stage} --region ${region}${again}`;
  return [
    {
      id: 'protection',
      state: 'warn',
      message: 'the stack keeps its data when it is removed, and is not locked: all else of it can go by one command',
      hint: `${deploy}; or ${lockCommand(place, true)}`,
    },
  ];
}
