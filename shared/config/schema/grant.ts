// The schema of `grants`: who may pull what from where, until when and why, in words that no registry's own means shine through.
import * as z from 'zod';
import { parseMoment } from '../moments.ts';
import { labelSelector, objectName } from './kubernetes-text.ts';
import {
  awsAccount,
  awsOrganization,
  awsPrincipal,
  googlePrincipal,
  grantName,
  moment,
  objectId,
  repositoryPattern,
} from './grant-text.ts';
import { duration, host } from './text.ts';

const name = z.string().min(1);
const cluster = name.describe('the cluster, by its name in `clusters`; not needed where there is one').exactOptional();
const namespaceName = objectName('Namespace');

const secret = z
  .strictObject({
    cluster,
    namespace: namespaceName.describe('its Namespace'),
    name: objectName('Secret').describe('its name'),
  })
  .describe('where its password is kept, as a pull Secret: the registry shows it only once')
  .exactOptional();

const FORMS = [
  'serviceAccount',
  'namespace',
  'namespaceSelector',
  'user',
  'group',
  'awsAccount',
  'awsRole',
  'awsOrganization',
  'googlePrincipal',
  'azurePrincipal',
  'robot',
  'team',
  'deployToken',
];

const grantee = z.union(
  [
    z.strictObject({
      serviceAccount: z
        .string()
        .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, {
          error: 'it is not a ServiceAccount\nwrite it like my-ns/default: Namespace, slash, name',
        })
        .describe('a ServiceAccount, `namespace/name`'),
      cluster,
    }),
    z.strictObject({ namespace: namespaceName.describe('every ServiceAccount of a Namespace'), cluster }),
    z.strictObject({
      namespaceSelector: z
        .union([z.literal('all').describe('every Namespace'), labelSelector('namespaceSelector: all')])
        .describe('the ServiceAccounts of the Namespaces with these labels, also later ones'),
      serviceAccounts: z
        .array(objectName('ServiceAccount'))
        .min(1)
        .describe('only those of these names')
        .exactOptional(),
      cluster,
    }),
    z.strictObject({ user: name.describe('a user, of Kubernetes or of the registry'), cluster }),
    z.strictObject({ group: name.describe('a group, of Kubernetes or of the registry'), cluster }),
    z.strictObject({ awsAccount: awsAccount.describe('an AWS account: twelve digits, in quotes') }),
    z.strictObject({ awsRole: awsPrincipal.describe('an AWS role or user, by its ARN') }),
    z.strictObject({
      awsOrganization: awsOrganization.describe('everybody of an AWS organization'),
      paths: z.array(name).min(1).describe('only below these paths of it: `o-…/r-…/ou-…/*`').exactOptional(),
    }),
    z.strictObject({
      googlePrincipal: googlePrincipal.describe(
        'a principal of Google, as IAM writes it: `serviceAccount:…`, `group:…`',
      ),
    }),
    z.strictObject({
      azurePrincipal: z
        .strictObject({
          objectId: objectId.describe('its object ID: not the application ID'),
          type: z.enum(['User', 'Group', 'ServicePrincipal']).describe('what it is'),
        })
        .describe('a principal of Entra ID'),
    }),
    z.strictObject({ robot: name.describe('a robot account of Quay or Harbor, or a token of ACR'), secret }),
    z.strictObject({ team: name.describe('a team of Quay') }),
    z.strictObject({ deployToken: name.describe('a deploy token of GitLab, made for this grant'), secret }),
  ],
  { error: ({ input }) => explainGrantee(input) },
);

const actions = z
  .array(z.enum(['pull', 'list']))
  .min(1)
  .default(['pull'])
  .describe('`list`: also the names of the tags, where a registry keeps the two apart');
const registry = host.describe('the registry');

const part = z.union(
  [
    z.strictObject({
      registry,
      namespace: z
        .union([z.literal('{namespace}'), namespaceName])
        .describe('a Namespace of images in the registry of a cluster; `{namespace}` is that of the grantee'),
      actions,
    }),
    z.strictObject({
      registry,
      repository: repositoryPattern.describe(
        'a repository, or a pattern: `team-a/app`, `team-a/*` (one level), `team-a/**`',
      ),
      actions,
    }),
    z.strictObject({
      registry,
      prefix: z
        .string()
        .regex(/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*\/$/, {
          error:
            'it is not the beginning of repositories\nwrite it with a slash at its end, like team-a/: team-ab is another team',
        })
        .describe('what the repositories begin with: `team-a/` is `team-a/**`'),
      actions,
    }),
  ],
  { error: ({ input }) => explainPart(input) },
);

export const grant = z
  .strictObject({
    name: grantName.describe('unique among the grants; it marks what is made for it'),
    to: z.union([grantee, z.array(grantee).min(1)]).describe('who: one grantee, or a list'),
    pull: z.array(part).min(1).describe('what, at which registry'),
    notBefore: moment.describe('when it begins; a date is its first moment, UTC').exactOptional(),
    until: moment.describe('when it ends; a date is its last moment, UTC').exactOptional(),
    reason: name.describe('why: it stands in the journal and in audits'),
    requestedBy: name.describe('who asked for it; without it this file').exactOptional(),
    approvedBy: name.describe('who approved it: needed where everybody, or every repository, is meant').exactOptional(),
    ticket: name.describe('where it is written about').exactOptional(),
    mode: z
      .enum(['enforce', 'observe'])
      .default('enforce')
      .describe('`observe`: what differs is told, and nothing is written'),
    onExpiry: z
      .enum(['revoke', 'warn'])
      .default('revoke')
      .describe('`warn`: it is told and stays, where the registry does not end it by itself'),
    pin: z
      .enum(['name', 'uid'])
      .default('name')
      .describe('`uid`: a Namespace or ServiceAccount made anew gets nothing before somebody resumes the grant'),
    adopt: z.boolean().default(false).describe('take over what somebody else made, if it says exactly the same'),
  })
  .refine(({ notBefore, until }) => isInOrder(notBefore, until), {
    error: 'it ends before it begins\nlet until be later than notBefore',
    path: ['until'],
  });

export const grants = z
  .array(grant)
  .default([])
  .describe('Grants: who may pull what, from where, until when, and why.');

export const reconcile = z
  .strictObject({ every: duration.default('10m').describe('the time from one look at all grants to the next') })
  .prefault({})
  .describe('When grants are compared with what is there, beside each change of this file.');

function isInOrder(notBefore: string | undefined, until: string | undefined): boolean {
  if (notBefore === undefined || until === undefined) return true;
  const [start, end] = [parseMoment(notBefore, 'start'), parseMoment(until, 'end')];
  // what is no moment is told by itself
  return start === undefined || end === undefined || start < end;
}

/** One kind of grantee must be there, and only one; other mistakes are told by the form itself. */
function explainGrantee(input: unknown): string | undefined {
  const found = formsIn(input, FORMS);
  if (found === undefined || found.length === 1) return undefined;
  if (found.length > 1)
    return `a grantee is one thing, and here are ${found.join(' and ')}\nmake a list: to: [{ … }, { … }]`;
  const others = ['cluster', 'serviceAccounts', 'paths', 'secret'];
  if (hasStrangers(input, [...FORMS, ...others])) return undefined;
  return `it is not said who\nadd one of ${FORMS.join(', ')}`;
}

function explainPart(input: unknown): string | undefined {
  const kinds = ['namespace', 'repository', 'prefix'];
  const found = formsIn(input, kinds);
  if (found === undefined || found.length === 1 || hasStrangers(input, ['registry', 'actions', ...kinds]))
    return undefined;
  if (found.length > 1) return `${found.join(' and ')} do not go together\nwrite an entry for each`;
  return 'it is not said what may be pulled there\nadd one of namespace, repository, prefix';
}

function formsIn(input: unknown, forms: readonly string[]): string[] | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  return forms.filter((form) => form in input);
}

function hasStrangers(input: unknown, known: readonly string[]): boolean {
  return typeof input === 'object' && input !== null && Object.keys(input).some((key) => !known.includes(key));
}
