// Declares `transship cluster` and what hangs on it.
import { Option, type Command } from 'commander';
import { MODES } from '../../kubernetes/permissions.ts';
import type { ClusterManifestsOptions } from '../commands/cluster-manifests.ts';
import type { ClusterUrlOptions } from '../commands/cluster-url.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareCluster({ program, run }: Declare): void {
  const cluster = program
    .command('cluster')
    .summary('prepare a Kubernetes cluster')
    .description('Prepare a Kubernetes cluster for pull credentials and grants.');
  end(cluster, [
    ['cluster manifests prod | kubectl apply -f -', 'give Transship its rights'],
    ['cluster url prod', 'where to send events of new Namespaces'],
  ]);

  const manifests = cluster
    .command('manifests')
    .summary('print what to apply to a cluster')
    .description(
      'Print what to apply to a cluster of the configuration, as YAML: the rights that credentials and grants need there and no others,\n' +
        'a policy that gives new ServiceAccounts their references at once, and where wanted the webhook for new Namespaces, and one Pod.\n' +
        'Modes: lean reads Secrets one by one by their names; fast lists their metadata, which RBAC cannot tell from listing them;\n' +
        'secret-only and policy-attach change no ServiceAccount; namespaced has rights in named Namespaces only;\n' +
        'watcher only sees new Namespaces; webhook has no rights at all. With --admission the output has a secret in it: the path.',
    )
    .argument('[cluster]', 'name of a cluster; not needed where there is one')
    .addOption(new Option('--mode <mode>', 'how Transship works there').choices(MODES).default('lean'))
    .option('--watch', 'the right to watch for new Namespaces and ServiceAccounts, as serve does')
    .addOption(
      new Option(
        '--attach <way>',
        'what gives new ServiceAccounts their references: a policy (Kubernetes 1.36), a webhook (older), or off',
      )
        .choices(['policy', 'webhook', 'off'])
        .default('policy'),
    )
    .option('--access', 'the rights for requests for access: transship allow, POST /v1/access')
    .option('--admission <url>', 'where the API server calls serve; its certificate authority: --ca-file')
    .option('--service-account <namespace/name>', 'who Transship is there (default: transship/transship)')
    .option('--user <name>', 'who it is, where it comes from outside: the name that the cluster knows it by')
    .option('--group <name>', 'the same by a group: of an EKS access entry, for one')
    .option('--deployment <image>', 'with a Deployment of this image, its ServiceAccount, Service and data')
    .action((name: string | undefined, options: ClusterManifestsOptions) =>
      run(async (context) => {
        const { runClusterManifests } = await import('../commands/cluster-manifests.ts');
        return runClusterManifests(context, name, options);
      }),
    );
  end(manifests, [
    ['cluster manifests prod | kubectl apply -f -', 'for transship/transship in that cluster'],
    ['cluster manifests prod --group transship --mode fast', 'for somebody from outside, with quick runs'],
    ['cluster manifests prod --access', 'and people may ask for access with transship allow'],
    ['cluster manifests --admission https://10.0.0.5:8443 --ca-file ca.pem', 'and be told of each new Namespace'],
    ['cluster manifests --deployment registry.example.com/transship:1.0', 'and one Pod that does it all'],
  ]);

  const url = cluster
    .command('url')
    .summary('print the address for events of a cluster')
    .description(
      'Print the whole address for events that tell of new Namespaces of a cluster: CloudEvents, of Argo Events, audit webhooks and logs.\n' +
        'It has the secret token at its end by which the sender proves itself.',
    )
    .argument('[cluster]', 'name of a cluster; not needed where there is one')
    .option('--base <url>', 'how senders reach the server, where that is not the address it listens on')
    .action((name: string | undefined, options: ClusterUrlOptions) =>
      run(async (context) => (await import('../commands/cluster-url.ts')).runClusterUrl(context, name, options)),
    );
  end(url, [
    ['cluster url prod --base https://transship.example.com', 'what to enter as the sink of an ApiServerSource'],
  ]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, [EXIT.done, EXIT.failed, EXIT.usage]));
}
