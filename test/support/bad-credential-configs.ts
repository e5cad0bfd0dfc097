// Mistakes in `clusters`, `credentials` and the admission address: where each is told, what is said, and what is to be done about it.
import { markedConfigs, type MarkedRow } from './marked-configs.ts';

const HEAD = 'version: 1\n';
const REGISTRIES = 'registries: { h.io: { credential: { docker: {} } }, o.io: { credential: anonymous }, n.io: {} }\n';
const CLUSTERS = 'clusters: [{ name: prod, inCluster: {} }]\n';

const inClusters = (text: string) => `${HEAD}clusters:\n  - ${text.includes('§') ? '' : '§'}{ ${text} }\n`;
const inRules = (...rules: string[]) =>
  `${HEAD}${REGISTRIES}${CLUSTERS}credentials:\n${rules.map((text) => `  - { ${text} }\n`).join('')}`;
const inApi = (text: string) => `${HEAD}api:\n  ${text}\n`;

const RULE = 'name: a, clusters: [prod], registries: [h.io]';
const SECRET = 'secret: { name: pull }';
const ALL = 'namespaces: { all: true }';
const inNamespaces = (text: string) =>
  inRules(`${RULE}, ${SECRET}, namespaces: ${text.includes('§') ? '' : '§'}{ ${text} }`);
const twice = (left: string, right: string) =>
  inRules(
    `name: a, clusters: [prod], registries: [h.io], namespaces: { ${left} }, ${SECRET}`,
    `name: b, clusters: [prod], registries: [h.io], namespaces: { ${right} }, secret: { name: §pull }`,
  );

const ROWS: readonly MarkedRow[] = [
  // clusters
  ['a cluster without a way to it', inClusters('name: a'), 'how the cluster is reached', 'kubeconfig: {}'],
  [
    'a cluster with two ways to it',
    inClusters('name: a, inCluster: {}, kubeconfig: {}'),
    'reached in one way, and here are kubeconfig and inCluster',
    'keep one of them',
  ],
  ['a mistyped way to a cluster', inClusters('name: a, §kubeconfg: {}'), 'unknown key', 'mean "kubeconfig"'],
  ['an EKS cluster without a name', inClusters('name: a, eks: §{ region: e }'), '"cluster" is missing', 'add'],
  ['a server without a token', inClusters('name: a, server: "https://h"'), '"token" is missing', 'add token'],
  [
    'a token as text',
    inClusters('name: a, server: "https://h", token: §hunter2'),
    'must not stand here as text',
    '{ env: NAME }',
  ],
  [
    'a server in plain text',
    inClusters('name: a, token: { env: A }, server: §"http://h"'),
    'not the address of an API server',
    'https://',
  ],
  [
    'a server with a password',
    inClusters('name: a, token: { env: A }, server: §"https://u:hunter2@h"'),
    'not the address of an API server',
    'without a user',
  ],
  ['a cluster whose name is no label', inClusters('name: §a b, inCluster: {}'), 'can be no label', '63'],
  [
    'two clusters of one name',
    `${HEAD}clusters:\n  - { name: a, inCluster: {} }\n  - { name: §a, kubeconfig: {} }\n`,
    'a second cluster has the name "a", after the one in line 3',
    'a name of its own',
  ],

  // credentials: names
  [
    'a rule without Namespaces',
    inRules(`${RULE}, ${SECRET}`).replace('{ name: a', '§{ name: a'),
    '"namespaces" is missing',
    'add namespaces',
  ],
  [
    'two rules of credentials of one name',
    inRules(`${RULE}, ${SECRET}, ${ALL}`, `${RULE.replace('name: ', 'name: §')}, secret: { name: other }, ${ALL}`),
    'a second rule of credentials has the name "a"',
    'a name of its own',
  ],
  [
    'a cluster that is not there',
    inRules(`name: a, clusters: [§prd], registries: [h.io], ${SECRET}, ${ALL}`),
    'there is no cluster "prd"',
    'did you mean "prod"?',
  ],
  [
    'a cluster named twice',
    inRules(`name: a, clusters: [prod, §prod], registries: [h.io], ${SECRET}, ${ALL}`),
    'prod stands here twice',
    'keep one',
  ],
  [
    'a registry that has no entry',
    inRules(`name: a, clusters: [prod], registries: [§g.io], ${SECRET}, ${ALL}`),
    'there is no registry "g.io" in registries',
    'did you mean',
  ],
  [
    'a registry named twice',
    inRules(`name: a, clusters: [prod], registries: [h.io, §h.io], ${SECRET}, ${ALL}`),
    'h.io stands here twice',
    'keep one',
  ],
  [
    'a registry without a login',
    inRules(`name: a, clusters: [prod], registries: [§o.io], ${SECRET}, ${ALL}`),
    'o.io is read without a login',
    'leave it out here',
  ],
  [
    'a registry of which no login is known',
    inRules(`name: a, clusters: [prod], registries: [§n.io], ${SECRET}, ${ALL}`),
    'how to log in to n.io',
    'docker login',
  ],

  [
    'a token of a cluster that is not there',
    `${HEAD}${CLUSTERS}registries: { h.io: { credential: { serviceAccount: { cluster: §prd, namespace: a, name: b } } } }\n`,
    'there is no cluster "prd"',
    'did you mean "prod"?',
  ],

  // credentials: Namespaces
  ['Namespaces that nothing selects', inNamespaces(''), 'exactly one of names, selector and all', 'all: true'],
  ['Namespaces selected twice', inNamespaces('all: true, names: [a]'), 'exactly one of', 'names: [team-*]'],
  ['an empty selector', inNamespaces('selector: §{}'), 'an empty selector selects everything', 'all: true'],
  ['a selector with an empty part', inNamespaces('selector: §{ matchLabels: {} }'), 'an empty selector', 'all: true'],
  ['all that is not all', inNamespaces('all: §false'), '"false" is not known here', 'known: true'],
  ['a pattern for all Namespaces', inNamespaces('names: [§"*"]'), 'it selects every Namespace', 'all: true'],
  ['no Namespace of that name', inNamespaces('names: [§Team]'), 'neither the name of a Namespace', 'team-*'],
  ['a label that is no text', inNamespaces('selector: { a: §true }'), 'expected a text', '"true"'],
  ['a label without a name', inNamespaces('selector: { §"a b": c }'), 'not the key of a label', 'acme.io/app'],
  ['a label with a wrong value', inNamespaces('selector: { a: §"-" }'), 'not the value of a label', '63'],
  [
    'a selector without its values',
    inNamespaces('selector: { matchExpressions: [§{ key: a, operator: In }] }'),
    'In and NotIn need values',
    'add values',
  ],
  [
    'a selector with a wrong word',
    inNamespaces('selector: { matchExpressions: [{ key: a, operator: §Exist }] }'),
    '"Exist" is not known here',
    'did you mean Exists?',
  ],

  // credentials: Secrets and ServiceAccounts
  ['a Secret that cannot be', inRules(`${RULE}, ${ALL}, secret: { name: §A_b }`), 'the name of a Secret', 'lower'],
  [
    'a layout that is none',
    inRules(`${RULE}, ${ALL}, secret: { name: a, layout: §mergd }`),
    '"mergd" is not known here',
    'did you mean merged?',
  ],
  [
    'ServiceAccounts as one text',
    inRules(`${RULE}, ${ALL}, ${SECRET}, serviceAccounts: §default`),
    'a text is none or all',
    '[NAME, …]',
  ],
  [
    'no ServiceAccounts',
    inRules(`${RULE}, ${ALL}, ${SECRET}, serviceAccounts: §[]`),
    'the list is empty',
    'leave the key out',
  ],
  [
    'a schedule that is none',
    inRules(`${RULE}, ${ALL}, ${SECRET}, schedule: { every: §soon }`),
    'not a duration',
    '30s',
  ],
  ...(
    [
      ['all: true', 'all: true'],
      ['all: true', 'selector: { a: b }'],
      ['selector: { a: b }', 'selector: { matchLabels: { a: b } }'],
      ['names: [team-*]', 'all: true'],
      ['names: [team-a]', 'names: [team-*]'],
      ['names: [a-*, b]', 'names: ["*-c"]'],
    ] as const
  ).map(([left, right]): MarkedRow => [
    `one Secret for { ${left} } and { ${right} }`,
    twice(left, right),
    'want the Secret pull in the same Namespace of prod',
    'a Secret of its own',
  ]),

  // the admission address
  [
    'API servers without TLS',
    inApi('admission: { listen: §"0.0.0.0:8443" }'),
    'can be reached from outside, without TLS',
    'add tls',
  ],
  [
    'API servers at the same address',
    inApi('admission: { listen: §"127.0.0.1:8080" }'),
    'is the address of api.listen already',
    'another port',
  ],
  ['nowhere to listen for API servers', inApi('admission: §{}'), '"listen" is missing', 'add listen'],
];

export const BAD_CREDENTIAL_CONFIGS = markedConfigs(ROWS);
