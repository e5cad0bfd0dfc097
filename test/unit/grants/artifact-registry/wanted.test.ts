// What grants are at Artifact Registry: which repositories a pattern means, whose access it is, and what cannot be said there.
import { describe, expect, test } from 'vitest';
import { meaningOf, projectAt, repositoryAt } from '../../../../shared/grants/artifact-registry/places.ts';
import { artifactRegistryWanted } from '../../../../shared/grants/artifact-registry/wanted.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import type { Survey } from '../../../../shared/grants/site.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const EUROPE = 'europe-docker.pkg.dev';
const ALICE: Grantee = { kind: 'GooglePrincipal', member: 'serviceAccount:Alice@acme.iam.gserviceaccount.com' };

function wanted(
  pattern: string,
  options: { grantee?: Grantee; host?: string; survey?: Survey; expiresAt?: Date } = {},
) {
  const { grantee = ALICE, host = EUROPE, survey = {}, expiresAt } = options;
  const grant = pullGrant({ grantees: [grantee], ...(expiresAt === undefined ? {} : { expiresAt }) });
  return artifactRegistryWanted({
    grant,
    parts: [{ registry: host, what: { kind: 'repository', pattern }, actions: ['pull'] }],
    grantees: grant.grantees,
    site: { backend: 'artifact-registry', host, profiles: new Map() },
    survey,
    instance: 'transship',
  });
}

describe('places', () => {
  test.each([
    [EUROPE, 'acme/app', { project: 'acme', location: 'europe', repository: 'app' }],
    ['us-west1-docker.pkg.dev', 'acme/app', { project: 'acme', location: 'us-west1', repository: 'app' }],
    [EUROPE, 'example.com/acme/app', { project: 'example.com:acme', location: 'europe', repository: 'app' }],
    ['gcr.io', 'acme', { project: 'acme', location: 'us', repository: 'gcr.io' }],
    ['eu.gcr.io', 'example.com/acme', { project: 'example.com:acme', location: 'europe', repository: 'eu.gcr.io' }],
    ['asia.gcr.io', 'acme', { project: 'acme', location: 'asia', repository: 'asia.gcr.io' }],
    [EUROPE, 'acme', undefined],
    [EUROPE, 'acme/app/image', undefined],
    ['gcr.io', 'acme/image', undefined],
    ['container.cloud.google.com', 'acme/app', undefined],
  ])('%s/%s', (host, place, expected) => {
    expect(repositoryAt(host, place)).toEqual(expected);
  });

  test.each([
    [EUROPE, 'acme/app/**', { kind: 'repository', place: 'acme/app' }],
    [EUROPE, 'acme/app', { kind: 'repository', place: 'acme/app' }],
    [EUROPE, 'acme/*', { kind: 'project', prefix: 'acme' }],
    [EUROPE, 'acme/**', { kind: 'project', prefix: 'acme' }],
    [EUROPE, 'example.com/acme/**', { kind: 'project', prefix: 'example.com/acme' }],
    ['gcr.io', 'acme/**', { kind: 'repository', place: 'acme' }],
    ['gcr.io', 'acme', { kind: 'repository', place: 'acme' }],
  ])('%s/%s means what its project has', (host, pattern, expected) => {
    expect(meaningOf(host, pattern)).toEqual(expected);
  });

  test('the project of a domain is written otherwise in the API', () => {
    expect(projectAt('example.com/acme')).toBe('example.com:acme');
  });

  test.each([
    [EUROPE, '**', 'names no project', 'PROJECT/REPOSITORY/**'],
    [EUROPE, 'acme', 'names no repository', 'PROJECT/REPOSITORY/**'],
    [EUROPE, 'acme/app/*', 'part of the repository acme/app,', 'acme/app/**'],
    [EUROPE, 'acme/app/image', 'part of the repository acme/app,', 'acme/app/**'],
    [EUROPE, 'acme/app/team/**', 'part of the repository acme/app,', 'acme/app/**'],
    [EUROPE, 'example.com/acme/app/image', 'part of the repository example.com/acme/app,', 'example.com/acme/app/**'],
    ['gcr.io', 'acme/*', 'part of the repository acme,', 'acme/**'],
    ['gcr.io', 'acme/image', 'part of the repository acme,', 'acme/**'],
    ['container.cloud.google.com', 'acme/app/**', 'no location', 'PROJECT/REPOSITORY/**'],
  ])('%s/%s cannot be said there', (host, pattern, message, hint) => {
    const { entries, shortfalls } = wanted(pattern, { host });
    expect(entries).toEqual([]);
    expect(shortfalls).toEqual([
      expect.objectContaining({
        grant: 'base',
        state: 'Unsupported',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    ]);
  });
});

describe('entries', () => {
  test('end by themselves, never later than declared', () => {
    const { entries } = wanted('acme/app/**', { expiresAt: new Date('2027-01-31T23:59:59.999Z') });
    expect(entries).toEqual([
      expect.objectContaining({
        target: { backend: 'artifact-registry', host: EUROPE, place: 'acme/app' },
        endsAt: new Date('2027-01-31T23:59:59Z'),
        content: expect.objectContaining({
          member: 'serviceAccount:alice@acme.iam.gserviceaccount.com',
          condition: expect.objectContaining({ expression: 'request.time < timestamp("2027-01-31T23:59:59Z")' }),
        }),
      }),
    ]);
  });

  test('without an end are the same for every grant, so that they can be counted', () => {
    const [one] = wanted('acme/app/**').entries;
    const [other] = wanted('acme/app').entries;
    expect(one).toEqual(other);
    expect(one).not.toHaveProperty('endsAt');
    expect(JSON.stringify(one?.content)).not.toContain('base');
  });

  test.each([
    ['allUsers', 'everybody at all, without a login'],
    ['allAuthenticatedUsers', 'everybody with a Google account'],
  ])('%s need approval, and an end of our own: IAM takes no condition for them', (member, overbroad) => {
    const grantee: Grantee = { kind: 'GooglePrincipal', member };
    const { entries } = wanted('acme/app/**', { grantee, expiresAt: new Date('2027-01-31T00:00:00Z') });
    expect(entries).toEqual([
      expect.objectContaining({ overbroad, content: { role: 'roles/artifactregistry.reader', member } }),
    ]);
    expect(entries[0]).not.toHaveProperty('endsAt');
  });

  test('of a project are those of each repository there, and of no other project', () => {
    const survey = { repositories: ['acme/app', 'acme/base', 'acme-2/app'] };
    expect(wanted('acme/**', { survey }).entries.map(({ target }) => target.place)).toEqual(['acme/app', 'acme/base']);
  });

  test('wait for the first repository of a project', () => {
    expect(wanted('acme/**', { survey: { repositories: ['acme-2/app'] } })).toEqual({
      entries: [],
      shortfalls: [expect.objectContaining({ state: 'Pending' })],
    });
  });

  test('are for principals of Google only', () => {
    const grantee: Grantee = { kind: 'ServiceAccount', cluster: 'prod', namespace: 'team', name: 'default' };
    expect(wanted('acme/app/**', { grantee })).toEqual({
      entries: [],
      shortfalls: [expect.objectContaining({ state: 'Unsupported', hint: expect.stringContaining('googlePrincipal') })],
    });
  });

  test('are for whole repositories, not for namespaces of images', () => {
    const grant = pullGrant({ grantees: [ALICE] });
    const result = artifactRegistryWanted({
      grant,
      parts: [{ registry: EUROPE, what: { kind: 'namespace', name: 'team' }, actions: ['pull'] }],
      grantees: grant.grantees,
      site: { backend: 'artifact-registry', host: EUROPE, profiles: new Map() },
      survey: {},
      instance: 'transship',
    });
    expect(result).toEqual({ entries: [], shortfalls: [expect.objectContaining({ state: 'Unsupported' })] });
  });
});
