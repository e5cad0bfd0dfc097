// Mistakes in `grants`, in the registries of clusters and in the token endpoint: where each is told, what is said, and what is to be done
// about it.
import { markedConfigs, type MarkedRow } from './marked-configs.ts';

const HEAD = 'version: 1\n';
const REGISTRIES =
  'registries: { acp.io: { kind: acp }, h.io: { kind: harbor }, plain.io: {}, "1.dkr.ecr.eu-west-1.amazonaws.com": {} }\n';
const ONE = 'clusters: [{ name: prod, inCluster: {} }]\n';
const TWO = 'clusters: [{ name: prod, inCluster: {} }, { name: test, kubeconfig: {} }]\n';

const grantsIn = (clusters: string, ...grants: string[]) =>
  `${HEAD}${REGISTRIES}${clusters}grants:\n${grants.map((text) => `  - { ${text} }\n`).join('')}`;
const inGrant = (text: string) => grantsIn(ONE, text);

const TO = 'to: { serviceAccount: my-ns/default }';
const PULL = 'pull: [{ registry: acp.io, namespace: shared-ns }]';
const WHY = 'reason: r';
const to = (text: string) => inGrant(`name: a, ${PULL}, ${WHY}, to: ${text}`);
const pull = (text: string) => inGrant(`name: a, ${TO}, ${WHY}, pull: [${text}]`);
const more = (text: string) => inGrant(`name: a, ${TO}, ${PULL}, ${WHY}, ${text}`);

const inCluster = (text: string) => `${HEAD}clusters: [{ name: prod, inCluster: {}, registries: ${text} }]\n`;
const endpoint = (clusters: string, text: string) => `${HEAD}${clusters}tokenEndpoint: ${text}\n`;

const ROWS: readonly MarkedRow[] = [
  // names
  [
    'a grant without a reason',
    grantsIn(ONE, `name: a, ${TO}, ${PULL}`).replace('{ name: a', '§{ name: a'),
    '"reason" is missing',
    'add reason',
  ],
  ['a grant whose name is none', inGrant(`name: §A_b, ${TO}, ${PULL}, ${WHY}`), 'not a name for a grant', '40'],
  [
    'two grants of one name',
    grantsIn(ONE, `name: a, ${TO}, ${PULL}, ${WHY}`, `name: §a, ${TO}, ${PULL}, ${WHY}`),
    'a second grant has the name "a"',
    'a name of its own',
  ],
  ['a mistyped key', more('§untill: 2027-01-31'), 'unknown key "untill"', 'did you mean "until"?'],
  // who
  ['nobody', to('§{}'), 'it is not said who', 'serviceAccount'],
  ['two grantees in one', to('§{ user: a, group: b }'), 'here are user and group', 'make a list'],
  ['a mistyped grantee', to('{ §servceAccount: a/b }'), 'unknown key', 'did you mean "serviceAccount"?'],
  ['a ServiceAccount without a Namespace', to('{ serviceAccount: §default }'), 'not a ServiceAccount', 'my-ns/default'],
  [
    'a selector of Namespaces that is empty',
    to('{ namespaceSelector: §{} }'),
    'an empty selector selects everything',
    'namespaceSelector: all',
  ],
  [
    'an account without its zeros',
    to('{ awsAccount: §012345678901 }'),
    'found the number 012345678901',
    'put it in quotes',
  ],
  ['an account that is too short', to('{ awsAccount: §"1234" }'), 'not the ID of an AWS account', 'twelve digits'],
  ['a role by its name', to('{ awsRole: §puller }'), 'not the ARN of a role', 'arn:aws:iam::'],
  ['an organization that is none', to('{ awsOrganization: §acme }'), 'not the ID of an AWS organization', 'o-'],
  [
    'a Google principal without its kind',
    to('{ googlePrincipal: §a@acme.io }'),
    'not a principal of Google',
    'serviceAccount:',
  ],
  ['an application by its name', to('{ azurePrincipal: { objectId: §app, type: User } }'), 'not an object ID', 'az ad'],
  [
    'a grantee of a cluster that is not there',
    to('{ namespace: a, cluster: §prd }'),
    'there is no cluster "prd"',
    'did you mean "prod"?',
  ],
  [
    'a Secret in a cluster that is not there',
    to('{ robot: a, secret: { cluster: §prd, namespace: a, name: b } }'),
    'there is no cluster "prd"',
    'did you mean "prod"?',
  ],
  [
    'one of several clusters',
    grantsIn(TWO, `name: a, to: §{ serviceAccount: my-ns/default }, ${PULL}, ${WHY}`),
    'it is not said in which cluster',
    'add cluster: one of prod, test',
  ],
  [
    'a user of one of several clusters',
    grantsIn(TWO, `name: a, to: §{ user: jane }, ${PULL}, ${WHY}`),
    'it is not said in which cluster',
    'prod, test',
  ],
  [
    'no cluster at all',
    grantsIn('', `name: a, to: §{ namespace: a }, ${PULL}, ${WHY}`),
    'this needs a cluster',
    'under clusters',
  ],
  // what
  ['nothing', pull('§{ registry: acp.io }'), 'it is not said what may be pulled', 'namespace, repository, prefix'],
  [
    'a Namespace and a repository',
    pull('§{ registry: acp.io, namespace: a, repository: a/b }'),
    'do not go together',
    'an entry for each',
  ],
  [
    'a prefix without a slash',
    pull('{ registry: h.io, prefix: §team-a }'),
    'not the beginning of repositories',
    'team-ab',
  ],
  [
    'a star in the middle',
    pull('{ registry: h.io, repository: §team-*/app }'),
    'neither a repository nor a pattern',
    'team-a/**',
  ],
  ['a tag', pull('{ registry: h.io, repository: §"a/b:1" }'), 'neither a repository nor a pattern', 'team-a/app'],
  [
    'a registry that is not there',
    pull('{ registry: §acp.oi, repository: a/b }'),
    'there is no registry "acp.oi"',
    'did you mean "acp.io"?',
  ],
  [
    'an image Namespace of a registry outside of clusters',
    pull('{ registry: h.io, namespace: §team-a }'),
    'h.io has no image Namespaces',
    'under registries of a cluster',
  ],
  [
    'an action that is none',
    pull('{ registry: h.io, repository: a/b, actions: [§push] }'),
    '"push" is not known here',
    'pull, list',
  ],
  // when
  ['a day that the month has not', more('until: §2027-02-30'), 'not a moment', '2027-01-31'],
  ['a time without a zone', more('until: §2027-01-31T12:00:00'), 'not a moment', 'with its zone'],
  [
    'an end before the beginning',
    more('notBefore: 2027-02-01, until: §2027-01-31'),
    'it ends before it begins',
    'later than notBefore',
  ],
  ['a mode that is none', more('mode: §enforced'), '"enforced" is not known here', 'did you mean enforce?'],
  ['no time between looks', `${HEAD}reconcile: { every: §soon }\n`, 'not a duration', '30s'],
  // registries of clusters
  [
    'a profile that is none',
    inCluster('{ r.io: §opnshift }'),
    '"opnshift" is not known here',
    'did you mean openshift?',
  ],
  [
    'a profile of its own without a group',
    inCluster('{ r.io: { custom: §{ resource: images } } }'),
    '"group" is missing',
    'add group',
  ],
  // the token endpoint
  ['an endpoint without an issuer', endpoint('', '§{ service: s }'), '"issuer" is missing', 'add issuer'],
  [
    'an endpoint without a registry',
    endpoint(ONE, '§{ issuer: i, service: s }'),
    'no cluster has registries',
    'add registries',
  ],
  [
    'an endpoint for one of several registries',
    endpoint(
      'clusters: [{ name: a, inCluster: {}, registries: { r.io: acp, s.io: acp } }]\n',
      '§{ issuer: i, service: s }',
    ),
    'it is not said for which registry',
    'add registry',
  ],
  [
    'an endpoint for a registry that no cluster knows',
    endpoint(
      'clusters: [{ name: a, inCluster: {}, registries: { r.io: acp } }]\n',
      '{ issuer: i, service: s, registry: §s.io }',
    ),
    'there is no registry "s.io" under registries of a cluster',
    'r.io',
  ],
  [
    'an endpoint with tokens that outlive what they were given for',
    endpoint(
      'clusters: [{ name: a, inCluster: {}, registries: { r.io: acp } }]\n',
      '{ issuer: i, service: s, life: §1d }',
    ),
    'tokens live for a minute to an hour',
    'write 5m',
  ],
];

export const BAD_GRANT_CONFIGS = markedConfigs(ROWS);
