// The schema of a registry's `credential`: how Transship logs in there, and what is issued for the pull Secrets of clusters.
import * as z from 'zod';
import { secretReference } from './secret.ts';
import { duration, webAddress } from './text.ts';
import { parseDuration } from '../units.ts';

const name = z.string().min(1);
const login = {
  username: z.union([name, secretReference]).describe('the user name, or where it is'),
  password: secretReference.describe('where the password or token is'),
};

/** A duration that is not too short for what it is about. */
function durationFrom(least: string) {
  const isLong = (text: string): boolean => {
    try {
      return parseDuration(text) >= parseDuration(least);
    } catch {
      // what is no duration is told as such
      return true;
    }
  };
  return duration.refine(isLong, { error: `it is too short\nwrite ${least} or more` });
}

const serviceAccount = z
  .strictObject({
    cluster: name.describe('the cluster, by its name in `clusters`'),
    namespace: name.describe('its Namespace'),
    name: name.describe('its name'),
    audience: name.describe('whom its tokens are for, where that is not the API server').optional(),
  })
  .describe('tokens of a ServiceAccount, as registries inside of a cluster take them (OpenShift, Alauda)');

const aws = z
  .strictObject({
    roleArn: name.describe('the role to assume').optional(),
    externalId: name.describe('the external ID that the role asks for').optional(),
    region: name.describe('the region, where the host does not tell').optional(),
    profile: name.describe('the profile of the AWS configuration files').optional(),
  })
  .describe('AWS identity; `{}` is the default chain');

const google = z
  .strictObject({
    impersonate: name.describe('the service account to act as').optional(),
    credentials: secretReference
      .describe(
        'credentials in JSON, in place of the default ones: a service account key, or the configuration of a workload identity federation',
      )
      .optional(),
  })
  .describe('Google identity; `{}` is the default chain');

const azure = z
  .strictObject({
    tenantId: name.describe('the tenant').optional(),
    clientId: name.describe('the managed identity or application').optional(),
    clientSecret: secretReference.describe('a secret of the application').optional(),
    certificate: secretReference
      .describe('certificate and private key of the application, one after the other in PEM form')
      .optional(),
    federatedTokenFile: name.describe('a file with a token of an issuer that the application trusts').optional(),
    subscription: name
      .describe('the subscription of the registry, for grants; without it all that the identity sees are searched')
      .optional(),
    cloud: z.enum(['public', 'us-government', 'china']).describe('the cloud, if not the public one').optional(),
    registryToken: z
      .strictObject({
        id: name.describe('the resource ID of the token: `/subscriptions/…/registries/…/tokens/…`'),
        life: duration.describe('how long each of its passwords lives').optional(),
      })
      .describe(
        'clusters get the passwords of this token of the registry, by turns; copies log in by the identity itself',
      )
      .optional(),
  })
  .describe('Azure identity; `{}` is the default chain');

const githubApp = z
  .strictObject({
    appId: z.union([name, z.int().positive()]).describe('the ID or the client ID of the App'),
    installationId: z.union([name, z.int().positive()]).describe('the ID of its installation'),
    privateKey: secretReference.describe('its private key in PEM form'),
    repositories: z
      .array(name)
      .min(1)
      .describe('only packages of these repositories, by their names without the owner')
      .optional(),
    api: webAddress
      .describe('the API, where it is not the one of the host: `https://github.acme.io/api/v3`')
      .optional(),
  })
  .describe('tokens of a GitHub App with the permission "Packages: read"');

const quayRobot = z
  .strictObject({
    robot: name.describe('the robot account: `org+robot`'),
    token: secretReference
      .describe('a token of the issuer that the robot is federated with, rotated by others')
      .optional(),
    serviceAccount: serviceAccount.describe('a ServiceAccount whose tokens the robot is federated with').optional(),
  })
  .refine(({ token, serviceAccount: account }) => (token === undefined) !== (account === undefined), {
    error: 'exactly one of token and serviceAccount must be there\nwrite token: { file: PATH } for a projected token',
  })
  .describe('tokens of a federated robot account of Quay');

const harborRobots = z
  .strictObject({
    robots: z
      .array(name)
      .refine((robots) => robots.length === 2, {
        error: 'two robots are needed\nwrite robots: ["robot$project+pull-a", "robot$project+pull-b"]',
      })
      .refine(([one, other]) => one !== other, {
        error:
          'both robots are the same\nname two robots, so that one stays as it is while the other gets a new secret',
      })
      .describe(
        'two robots with the same rights that nothing else uses, by their full names: they get a new secret by turns',
      ),
    admin: z.strictObject(login).describe('a login that may give robots a new secret; copies log in by it, too'),
    key: secretReference.describe(
      'at least 16 characters of which the secrets of the robots are made; the same for all processes, and for good: with another one (or another `every`) clusters cannot pull before their next refresh',
    ),
    every: durationFrom('1h')
      .default('7d')
      .describe('when the next of the two gets a new secret; a secret lives for one to two of these'),
  })
  .describe('secrets of two robot accounts of Harbor');

const gitlabDeployToken = z
  .strictObject({
    project: name.describe('the project, by its path or ID').optional(),
    group: name.describe('the group, by its path or ID').optional(),
    token: secretReference.describe('an access token with the scope `api` that makes them; copies log in by it, too'),
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/, {
        error: 'it is not a name\nuse small letters, digits and "-", at most 62 of them',
      })
      .default('transship')
      .describe('how its deploy tokens are called, before the number of each; unique among all who make some there'),
    life: durationFrom('2d').default('30d').describe('how long each lives, 2 days at least; they end at midnight UTC'),
    grace: duration.default('7d').describe('how long an older one is left when there is a newer one'),
    api: webAddress.describe('GitLab itself: `https://gitlab.acme.io`; gitlab.com for registry.gitlab.com').optional(),
  })
  .refine(({ project, group }) => (project === undefined) !== (group === undefined), {
    error: 'exactly one of project and group must be there\nwrite project: group/project, or group: group',
  })
  .describe('deploy tokens of a project or group of GitLab that read its registry');

export const credential = z
  .union([
    z.literal('anonymous').describe('no login'),
    z.strictObject({
      ...login,
      expiresAt: z
        .string()
        .refine((text) => !Number.isNaN(Date.parse(text)), {
          error: 'it is not a date\nwrite it like 2027-01-31, or 2027-01-31T12:00:00Z',
        })
        .describe('when the password or token ends, where the registry does not tell: `2027-01-31`')
        .optional(),
    }),
    z.strictObject({ aws }),
    z.strictObject({ google }),
    z.strictObject({ azure }),
    z.strictObject({
      docker: z
        .strictObject({ file: name.describe('the file, in place of the usual ones').optional() })
        .describe("Docker's config.json or containers' auth.json"),
    }),
    z.strictObject({ helper: name.describe('a Docker credential helper, without `docker-credential-`') }),
    z.strictObject({ githubApp }),
    z.strictObject({ quayRobot }),
    z.strictObject({ harborRobots }),
    z.strictObject({ gitlabDeployToken }),
    z.strictObject({ serviceAccount }),
  ])
  .describe('how to log in; registries without it use the files of Docker and containers');
