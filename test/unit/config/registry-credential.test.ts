// The forms of a registry's credential in the configuration: what they become, and how mistakes in them are told.
import { expect, test } from 'vitest';
import { failureOf } from '../../support/failure.ts';
import { configOf } from '../../support/config-of.ts';

const CLUSTERS = 'clusters: [{ name: c1, inCluster: {} }]';
const read = (fields: string) => configOf(`${CLUSTERS}\nregistries: { h.io: { ${fields} } }`).registries[0];

const SECRET = '{ env: S }';
const GITLAB = `group: g, token: ${SECRET}`;
const HARBOR = `admin: { username: admin, password: ${SECRET} }, key: ${SECRET}`;

test.each([
  [
    `credential: { username: u, password: ${SECRET}, expiresAt: 2027-01-31 }`,
    { username: 'u', password: { env: 'S' }, expiresAt: new Date('2027-01-31') },
  ],
  [
    `credential: { githubApp: { appId: 12, installationId: "34", privateKey: ${SECRET} } }`,
    { githubApp: { appId: '12', installationId: '34', privateKey: { env: 'S' } } },
  ],
  [
    `credential: { gitlabDeployToken: { ${GITLAB} } }`,
    {
      gitlabDeployToken: {
        group: 'g',
        token: { env: 'S' },
        name: 'transship',
        lifeMs: 30 * 86_400_000,
        graceMs: 7 * 86_400_000,
      },
    },
  ],
  [
    `credential: { harborRobots: { robots: [a, b], ${HARBOR}, every: 1d } }`,
    {
      harborRobots: {
        robots: ['a', 'b'],
        admin: { username: 'admin', password: { env: 'S' } },
        key: { env: 'S' },
        everyMs: 86_400_000,
      },
    },
  ],
  [
    'credential: { azure: { federatedTokenFile: token, registryToken: { id: /tokens/pull, life: 30d } } }',
    { azure: { federatedTokenFile: '/token', registryToken: { id: '/tokens/pull', lifeMs: 30 * 86_400_000 } } },
  ],
  [
    'credential: { google: { impersonate: a@b, credentials: { file: key.json } } }',
    { google: { impersonate: 'a@b', credentials: { file: '/key.json' } } },
  ],
  [
    'credential: { serviceAccount: { cluster: c1, namespace: ns, name: sa, audience: reg } }',
    { serviceAccount: { cluster: 'c1', namespace: 'ns', name: 'sa', audience: 'reg' } },
  ],
])('%s', (fields, credential) => {
  expect(read(fields)?.credential).toEqual(credential);
});

test.each([
  [
    'credential: { githubApp: { appId: 1, installationId: 2, privateKey: "-----BEGIN" } }',
    /a secret must not stand here as text/,
    /\{ file: PATH \}/,
  ],
  [
    'credential: { githubApp: { appId: 1, privateKey: { env: K } } }',
    /"installationId" is missing/,
    /add installationId/,
  ],
  [`credential: { quayRobot: { robot: a+b } }`, /exactly one of token and serviceAccount/, /projected token/],
  [`credential: { harborRobots: { robots: [a], ${HARBOR} } }`, /two robots are needed|"1" is missing/, /\w+/],
  [`credential: { harborRobots: { robots: [a, a], ${HARBOR} } }`, /both robots are the same/, /name two robots/],
  [`credential: { gitlabDeployToken: { token: ${SECRET} } }`, /exactly one of project and group/, /write project/],
  [`credential: { gitlabDeployToken: { ${GITLAB}, project: p } }`, /exactly one of project and group/, /write project/],
  [`credential: { gitlabDeployToken: { ${GITLAB}, name: "Team A" } }`, /it is not a name/, /small letters/],
  [`credential: { gitlabDeployToken: { ${GITLAB}, api: "http://gitlab.acme.io" } }`, /not an https address/, /https/],
  [`credential: { gitlabDeployToken: { ${GITLAB}, life: 12h } }`, /it is too short/, /write 2d or more/],
  [`credential: { gitlabDeployToken: { ${GITLAB}, life: long } }`, /"long" is not a duration/, /30s/],
  [`credential: { username: u, password: ${SECRET}, expiresAt: soon }`, /it is not a date/, /2027-01-31/],
  [`credential: { githubAp: {} }`, /unknown key "githubAp"/, /did you mean "githubApp"/],
  ['credential: { serviceAccount: { cluster: c2, namespace: ns, name: sa } }', /there is no cluster "c2"/, /c1/],
  ['probe: "team/app@sha256:abc"', /./, /\w+/],
  ['probe: "Team App"', /./, /\w+/],
])('a mistake: %s', (fields, message, hint) => {
  expect(failureOf(() => read(fields))).toMatchObject({
    code: 'invalid-config',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test('a probe may name a tag', () => {
  expect(read('probe: team/app:1.0')).toMatchObject({ probe: 'team/app:1.0' });
});
