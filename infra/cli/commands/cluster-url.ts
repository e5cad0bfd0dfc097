// `transship cluster url`: the whole address for events of a cluster, with the token by which their sender proves itself.
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { readMasterKey } from '../../node/master-key.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { serverBase } from '../receiver-url.ts';
import { secretReader } from '../secret-reader.ts';
import { chooseCluster } from './cluster-manifests.ts';

export type ClusterUrlOptions = { base?: string };

export async function runClusterUrl(
  context: Context,
  name: string | undefined,
  { base }: ClusterUrlOptions,
): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const cluster = chooseCluster(config, name).name;
  const place = `${serverBase(config, base)}/k8s/events/${encodeURIComponent(cluster)}`;
  const masterKey = await readMasterKey(config, secretReader(io.env));
  const url = `${place}/${openClusterSenders(config, masterKey).pathTokenOf(cluster)}`;
  if (globals.json) printJsonLine(io, { type: 'report', cluster, url });
  else io.stdout.write(`${url}\n`);
  return EXIT.done;
}
