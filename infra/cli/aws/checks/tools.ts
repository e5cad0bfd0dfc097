// What `transship aws deploy` needs on this machine: the bundles of the functions, and osls.
import type { Context } from '../../context.ts';
import { findBundles } from '../bundles.ts';
import { findOsls } from '../osls.ts';
import type { Finding } from './finding.ts';

export async function checkTools({ io }: Context): Promise<Finding[]> {
  const [osls, bundles] = await Promise.all([findOsls(io.env), findBundles()]);
  return [
    { id: 'tools', state: 'ok', about: 'Node', message: process.versions.node },
    osls === undefined
      ? {
          id: 'tools',
          state: 'fail',
          about: 'osls',
          message: 'there is neither osls nor npx on the PATH',
          hint: 'install it: npm install --global osls@4',
        }
      : { id: 'tools', state: 'ok', about: 'osls', message: osls.description },
    bundles === undefined
      ? {
          id: 'tools',
          state: 'fail',
          about: 'bundles',
          message: 'the bundles of the functions are not there',
          hint: 'in a checkout: npm run build; else install transship again',
        }
      : { id: 'tools', state: 'ok', about: 'bundles', message: bundles.folder },
  ];
}
