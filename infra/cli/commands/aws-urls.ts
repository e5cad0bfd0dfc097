// `transship aws urls`: the addresses of a deployment: of the API, and what registries and clusters are to be told, with the tokens that
// follow from the master key.
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { openReceivers } from '../../../functions/registry-push/receivers.ts';
import { MASTER_KEY } from '../../aws/stack/names.ts';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { getSecretText } from '../../../shared/identity/aws-secrets.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { awsPlace, type AwsOptions, type AwsPlace } from '../aws/aws-place.ts';
import { apiUrlOf, resourceOf, stackOf, type Stack } from '../aws/stack.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printTable } from '../output/table-with-heading.ts';
import { readBase } from '../receiver-url.ts';
import { secretReader } from '../secret-reader.ts';

export type AwsUrlsOptions = AwsOptions & { base?: string };

type Row = { what: 'api' | 'receiver' | 'cluster'; name: string; url: string };

export async function runAwsUrls(context: Context, options: AwsUrlsOptions): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const place = await awsPlace(context, options);
  const stack = await stackOf(place);
  const base = options.base === undefined ? apiUrlOf(stack, place) : readBase(options.base);
  if (base === undefined) {
    throw new TransshipError('not-found', `the stack ${place.stack} has no HTTP API`, {
      hint: 'name the address yourself: --base https://transship.example.com',
    });
  }
  const rows = await addresses(context, config, { place, stack, base });
  if (globals.json) {
    if (!globals.quiet) for (const row of rows) printJsonLine(io, { type: 'url', ...row });
    printJsonLine(io, { type: 'report', url: base, urls: rows.length });
    return EXIT.done;
  }
  printTable(
    context,
    ['FOR', 'NAME', 'URL'],
    rows.map(({ what, name, url }) => [what, name, url]),
    'none',
  );
  return EXIT.done;
}

async function addresses(
  { io }: Context,
  config: Config,
  { place, stack, base }: { place: AwsPlace; stack: Stack; base: string },
): Promise<Row[]> {
  // names of secrets say no region: they mean the one of the deployment
  const readSecret = secretReader({ ...io.env, AWS_REGION: place.region });
  const overHttp = config.receivers.filter(({ auth }) => auth.mode !== 'platform');
  const byPath = overHttp.filter(({ auth }) => auth.mode === 'path');
  // who needs no token needs no right to read the key either
  const needsKey = byPath.length + config.clusters.length > 0;
  const masterKey = needsKey ? await masterKeyOf(config, readSecret, place, stack) : new Secret('');
  const receivers = await openReceivers(
    { registries: config.registries, receivers: byPath },
    { resolveSecret: readSecret, masterKey },
  );
  const senders = openClusterSenders(config, masterKey);
  return [
    { what: 'api', name: '', url: base },
    // what comes by a bus or a queue has no address
    ...overHttp.map(({ id, kind }): Row => {
      const token = receivers.pathTokenOf(id);
      return {
        what: 'receiver',
        name: id,
        url: `${base}/hooks/${kind}/${id}${token === undefined ? '' : `/${token}`}`,
      };
    }),
    ...config.clusters.map(({ name }): Row => {
      const url = `${base}/k8s/events/${encodeURIComponent(name)}/${senders.pathTokenOf(name) ?? ''}`;
      return { what: 'cluster', name, url };
    }),
  ];
}

/** The configured one, else the one that the stack made. */
async function masterKeyOf(
  { masterKey }: Config,
  readSecret: (reference: SecretReference) => Promise<Secret>,
  place: AwsPlace,
  stack: Stack,
): Promise<Secret> {
  if (masterKey !== undefined) return readSecret(masterKey);
  return getSecretText(resourceOf(stack, MASTER_KEY, place), place.surroundings);
}
