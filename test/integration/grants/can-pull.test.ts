// Who may pull, at a real API server: our answer beside that of kubectl, and what an audit finds of bindings of every kind.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import type { AuditFinding } from '../../../shared/grants/audit-finding.ts';
import { canPullInCluster } from '../../../shared/grants/can-pull.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import type { PullProfile } from '../../../shared/grants/pull-profile.ts';
import { readPullSubject } from '../../../shared/grants/pull-subject.ts';
import type { Site } from '../../../shared/grants/site.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import { insideGrant, kubernetesGrants, ACP_HOST, OPENSHIFT_HOST } from '../../support/grants/kubernetes-grants.ts';
import { plantedBindings } from '../../support/grants/planted-bindings.ts';
import { servePulls } from '../../support/grants/serve-pulls.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const { acp, openshift } = PULL_PROFILES;

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('who may pull, at a real API server', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    cluster = await openTestCluster(kubernetes);
    await servePulls(kubernetes, acp, openshift);
    const planted = plantedBindings();
    // what stands in a Namespace can be made when that is there
    await kubernetes.apply(...planted.filter((one) => 'kind' in one && one.kind === 'Namespace'));
    await kubernetes.apply(...planted);
    // the last one made: the authorizer reads bindings from a cache
    const answers = async () => expect(await kubectlSays('group:admins', `${ACP_HOST}/other-ns/app`)).toBe('yes');
    await vi.waitFor(answers, { timeout: 10_000 });
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  const siteWith = (profiles: Record<string, PullProfile>): Site => ({
    backend: 'kubernetes',
    host: 'test',
    profiles: new Map(Object.entries(profiles)),
  });
  const site = siteWith({ [ACP_HOST]: acp, [OPENSHIFT_HOST]: openshift });

  function canPull(
    subject: string,
    text: string,
    profiles: Record<string, PullProfile> = Object.fromEntries(site.profiles),
  ) {
    const image = parseReference(text);
    const profile = profiles[image.registry] ?? acp;
    const question = { image, profile, site: siteWith(profiles), registry: image.registry, instance: 'transship' };
    return canPullInCluster(cluster, { ...question, subject: readPullSubject(subject) });
  }

  /** `kubectl auth can-i`, for the same question. */
  async function kubectlSays(subject: string, text: string): Promise<string> {
    const { registry, repository } = parseReference(text);
    const [namespace = '', image = ''] = repository.split('/');
    const isJoined = registry === OPENSHIFT_HOST;
    const what = isJoined
      ? [`imagestreams.${openshift.group}/${image}`, '--subresource=layers']
      : [`images.${acp.group}`];
    const asked = readPullSubject(subject);
    const as =
      asked.kind === 'ServiceAccount'
        ? [`--as=system:serviceaccount:${asked.namespace}:${asked.name}`]
        : asked.kind === 'User'
          ? [`--as=${asked.name}`]
          : ['--as=nobody-else', `--as-group=${asked.name}`];
    try {
      return (await kubernetes.kubectl(['auth', 'can-i', 'get', ...what, '-n', namespace, ...as])).trim();
    } catch (error) {
      // its exit code says no; what went wrong it says itself
      if (error instanceof Error && !/error/i.test(error.message.replace(/^.*?: /, ''))) return 'no';
      throw error;
    }
  }

  it.each([
    ['my-ns/default', `${ACP_HOST}/shared-ns/app:1.0`, 'yes'],
    ['system:serviceaccount:my-ns:default', `${ACP_HOST}/shared-ns/deep/app`, 'yes'],
    ['user:system:serviceaccount:my-ns:default', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['my-ns/builder', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['my-ns/builder', `${ACP_HOST}/my-ns/app`, 'yes'],
    ['my-ns/default', `${ACP_HOST}/other-ns/app`, 'no'],
    ['my-ns/default', `${ACP_HOST}/not-there/app`, 'no'],
    ['other-ns/default', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['team-a/anybody', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['group:system:serviceaccounts:team-a', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['gone-ns/default', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['user:jane', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['user:Jane', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['group:dev', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['group:ops', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['ops/deployer', `${ACP_HOST}/team-a/app`, 'yes'],
    ['user:wild', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['user:wild', `${ACP_HOST}/my-ns/app`, 'no'],
    ['user:narrow', `${ACP_HOST}/shared-ns/base`, 'no'],
    ['user:lister', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['user:reader', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['user:ghost', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['user:viewer', `${ACP_HOST}/shared-ns/app`, 'no'],
    ['user:somebody', `${ACP_HOST}/public-ns/app`, 'yes'],
    ['group:system:masters', `${ACP_HOST}/shared-ns/app`, 'yes'],
    ['my-ns/default', `${OPENSHIFT_HOST}/shared-ns/base`, 'yes'],
    ['user:narrow', `${OPENSHIFT_HOST}/shared-ns/base:2`, 'yes'],
    ['user:narrow', `${OPENSHIFT_HOST}/shared-ns/other`, 'no'],
  ])('%s, %s: %s, as kubectl says', async (subject, image, expected) => {
    expect(await kubectlSays(subject, image)).toBe(expected);
    const told = await canPull(subject, image);
    expect(told).toMatchObject({ answer: expected, decidedBy: 'cluster test', method: 'access-review' });
    // what says yes is named, and for a no what would help
    expect({ isNamed: told.by.length > 0, hasRemedy: told.remedy !== undefined }).toEqual({
      isNamed: expected === 'yes',
      hasRemedy: expected === 'no',
    });
  });

  it('names the bindings behind a yes, and those of ours with their grant', async () => {
    const grants = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: 'team-a' })] });
    expect(grants.states(await grants.apply())).toEqual({ base: 'Applied' });
    const told = await canPull('my-ns/default', `${ACP_HOST}/team-a/app`);
    expect(told.why).toContain('RoleBinding "pull-grant-base/team-a"');
    expect(told.by).toMatchObject([{ object: 'RoleBinding pull-grant-base', class: 'ours', grant: 'base' }]);
    await kubernetes.kubectl(['delete', 'rolebinding', '-n', 'team-a', 'pull-grant-base']);
  });

  it('says of a binding in the Namespace of who pulls that it belongs to the images', async () => {
    const { notes } = await canPull('my-ns/builder', `${ACP_HOST}/shared-ns/app`);
    expect(notes).toContainEqual(expect.stringMatching(/^RoleBinding misplaced in my-ns opens my-ns: .*images$/));
  });

  it('says who and what is not there', async () => {
    const { answer, notes } = await canPull('gone-ns/default', `${ACP_HOST}/not-there/app`);
    expect({ answer, notes }).toEqual({
      answer: 'no',
      notes: ['Namespace gone-ns is not there', 'Namespace not-there is not there, and no image in it'],
    });
  });

  it('passes on what the authorizer could not read', async () => {
    const { why, notes } = await canPull('user:ghost', `${ACP_HOST}/shared-ns/app`);
    expect([why, ...notes].join(' ')).toContain('"gone" not found');
  });

  it('has an answer of its own for what nothing serves, whatever kubectl says', async () => {
    const profiles = { [ACP_HOST]: { ...acp, group: 'nobody.test' } };
    for (const subject of ['my-ns/default', 'group:system:masters']) {
      expect(await canPull(subject, `${ACP_HOST}/shared-ns/app`, profiles)).toMatchObject({
        answer: 'unserved',
        why: expect.stringContaining('nothing in cluster test serves images of nobody.test'),
        hint: expect.stringContaining('expectServed: false'),
      });
    }
  });

  it('tells where the two forms of the question get two answers', async () => {
    const image = `${OPENSHIFT_HOST}/shared-ns/base`;
    expect(await canPull('user:layers', image)).toMatchObject({
      answer: 'no',
      notes: [expect.stringContaining('imagestreams/layers as one word')],
    });
    const split = { [OPENSHIFT_HOST]: { ...openshift, joinedForm: false } };
    expect(await canPull('user:layers', image, split)).toMatchObject({
      answer: 'yes',
      by: [{ flags: [expect.stringContaining('subresource')] }],
    });
  });

  it('knows that whoever has no login is in no group of those who have one', async () => {
    expect(await canPull('user:system:anonymous', `${ACP_HOST}/public-ns/app`)).toMatchObject({ answer: 'no' });
  });

  it('cannot tell of an image without a namespace', async () => {
    expect(await canPull('my-ns/default', `${ACP_HOST}/app`)).toMatchObject({
      answer: 'unknown',
      hint: expect.stringContaining('shared-ns/app'),
    });
  });

  describe('an audit', () => {
    async function audit(): Promise<ReadonlyMap<string, AuditFinding>> {
      const findings = await Array.fromAsync(kubernetesGrants(cluster).backend.audit());
      return new Map(findings.map((one) => [`${one.target.place}/${one.object.split(' ')[1]}`, one]));
    }

    it('finds by rules and not by names who may pull, and whose doing that is', async () => {
      const found = await audit();
      const classes = Object.fromEntries([...found].map(([name, one]) => [name, one.class]));
      expect(classes).toMatchObject({
        'shared-ns/cross-ns-pull': 'adoptable',
        'shared-ns/people': 'adoptable',
        'shared-ns/accounts': 'adoptable',
        'shared-ns/dead': 'adoptable',
        'shared-ns/wild': 'over-broad',
        'shared-ns/narrow': 'foreign',
        'shared-ns/reads': 'foreign',
        'other-ns/elsewhere': 'adoptable',
        'my-ns/misplaced': 'adoptable',
        'my-ns/system:image-pullers': 'platform',
        'public-ns/public': 'over-broad',
        '/all-pull': 'over-broad',
        '/admins': 'over-broad',
        '/cluster-admin': 'platform',
      });
      for (const nobody of ['lister', 'ghost', 'views', 'layers'])
        expect(classes).not.toHaveProperty(`shared-ns/${nobody}`);
    });

    it('says what is striking', async () => {
      const found = await audit();
      const flags = Object.fromEntries([...found].map(([name, one]) => [name, one.flags]));
      expect(flags).toMatchObject({
        'shared-ns/cross-ns-pull': [],
        'shared-ns/dead': ['ServiceAccount my-ns/gone is not there', 'Namespace gone-ns is not there'],
        'shared-ns/wild': expect.arrayContaining(['wildcard verb', 'wildcard API group', 'wildcard resource']),
        'shared-ns/reads': ['more than pulling: Role reader'],
        'my-ns/misplaced': [expect.stringContaining('in the Namespace of those who pull'), expect.anything()],
        'public-ns/public': [expect.stringContaining('everybody who is logged in')],
        '/all-pull': ['every Namespace', 'ServiceAccount ops/deployer is not there'],
      });
      expect(found.get('/all-pull')).toMatchObject({ who: ['ServiceAccount ops/deployer'], what: 'every image' });
      expect(found.get('shared-ns/narrow')).toMatchObject({ what: 'shared-ns/base' });
    });

    it('takes few requests, whatever stands there', async () => {
      await kubernetes.forgetAuditEvents();
      await audit();
      const events = await kubernetes.auditEvents();
      expect(events.filter(({ verb }) => verb === 'list')).toHaveLength(4);
      expect(events.length).toBeLessThan(20);
    });
  });
});
