// What a registry's entry asks for and its vendor does not offer: allowed, because another version may, but surely not meant.
import { vendorOf } from '../registries/vendors.ts';
import { formatPath, keyPositionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { parseHost } from './hosts.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';

type Entry = ConfigFile['registries'][string];

const HELPERS = { aws: 'ecr-login', google: 'gcloud', azure: 'acr-env' };

export function checkOffers(root: ConfigNode, { registries }: ConfigFile): ConfigProblem[] {
  return Object.entries(registries).flatMap(([host, entry]) => {
    const vendor = vendorOf(parseHost(host), entry.kind);
    const warn = (path: ConfigPath, message: string, hint: string): ConfigProblem[] => {
      const whole = ['registries', host, ...path];
      const text = String(path.at(-1));
      return [configProblem(keyPositionOf(root, whole), { path: formatPath(whole), text, message, hint })];
    };
    const cloud = cloudOf(entry.credential);
    return [
      ...(cloud === undefined || (cloud === 'aws' && vendor.cloudLogin !== undefined)
        ? []
        : warn(
            ['credential', cloud],
            `this version cannot log in to a registry of kind ${vendor.kind} by ${cloud}`,
            `use a credential helper, as Docker does: credential: { helper: ${HELPERS[cloud]} }`,
          )),
      ...(entry.createRepository === undefined || vendor.createRepository !== undefined
        ? []
        : warn(
            ['createRepository'],
            `repositories of kind ${vendor.kind} are not made by Transship: this changes nothing`,
            'leave it out; where the first push does not make a repository, make it by hand',
          )),
    ];
  });
}

function cloudOf(credential: Entry['credential']): keyof typeof HELPERS | undefined {
  if (typeof credential !== 'object') return undefined;
  if ('aws' in credential) return 'aws';
  if ('google' in credential) return 'google';
  return 'azure' in credential ? 'azure' : undefined;
}
