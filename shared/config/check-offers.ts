// What a registry's entry asks for and its vendor does not offer: allowed, because another version may, but surely not meant.
import type { Cloud } from '../registries/vendor.ts';
import { vendorOf } from '../registries/vendors.ts';
import { formatPath, keyPositionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { parseHost } from './hosts.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';

type Entry = ConfigFile['registries'][string];

const HELPERS: Readonly<Record<Cloud, string>> = { aws: 'ecr-login', google: 'gcloud', azure: 'acr-env' };

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
      ...(cloud === undefined || vendor.cloud === cloud
        ? []
        : warn(
            ['credential', cloud],
            `a registry of kind ${vendor.kind} does not take an identity of ${cloud}`,
            `name its kind if it is one of that cloud, or use a credential helper: credential: { helper: ${HELPERS[cloud]} }`,
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

function cloudOf(credential: Entry['credential']): Cloud | undefined {
  if (typeof credential !== 'object') return undefined;
  if ('aws' in credential) return 'aws';
  if ('google' in credential) return 'google';
  return 'azure' in credential ? 'azure' : undefined;
}
