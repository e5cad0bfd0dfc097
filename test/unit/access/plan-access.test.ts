// What a request for access comes down to, by what the configuration knows of the registry and of the Namespace.
import { describe, expect, it } from 'vitest';
import type { AccessOrder } from '../../../functions/access/access-order.ts';
import { planAccess } from '../../../functions/access/plan-access.ts';
import { configOf } from '../../support/config-of.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

const CONFIG = configOf(`
registries:
  inside.svc: { credential: { username: bob, password: { env: P } }, aliases: [old.svc] }
  narrow.svc: { credential: { username: bob, password: { env: P } } }
  plain.example.com: { credential: { username: bob, password: { env: P } } }
  open.example.com: { credential: anonymous }
  ruled.example.com: { credential: { username: bob, password: { env: P } } }
clusters:
  - { name: prod, kubeconfig: {}, registries: { inside.svc: acp, narrow.svc: openshift } }
  - { name: stage, kubeconfig: {} }
credentials:
  - name: pull
    clusters: [prod]
    namespaces: { selector: { matchLabels: { pull: "yes" } } }
    registries: [ruled.example.com]
    secret: { name: pull }
    serviceAccounts: [default]
`);

const ORDER: AccessOrder = {
  cluster: 'prod',
  namespace: 'my-ns',
  image: 'inside.svc/shared/app:1.0',
  reason: 'guide',
};

function plan(order: Partial<AccessOrder> = {}, labels: Record<string, string> = {}) {
  return planAccess({ ...ORDER, ...order }, { config: CONFIG, labels, requestedBy: 'ann', now: NOW });
}

describe('a request for access', () => {
  it('is a grant for all of the Namespace to that of the image, and a Secret', () => {
    expect(plan()).toMatchObject({
      registry: 'inside.svc',
      serviceAccounts: ['default'],
      credential: { by: 'access', rule: 'access:prod/my-ns' },
      grant: {
        grantees: [{ kind: 'NamespaceServiceAccounts', cluster: 'prod', namespace: 'my-ns' }],
        what: [{ registry: 'inside.svc', what: { kind: 'namespace', name: 'shared' }, actions: ['pull'] }],
        reason: 'guide',
        requestedBy: 'ann',
        origin: 'store',
        access: { cluster: 'prod', namespace: 'my-ns', registries: ['inside.svc'], serviceAccounts: ['default'] },
      },
    });
  });

  it('is for single images where the registry names them', () => {
    expect(plan({ image: 'narrow.svc/shared/app' }).grant?.what).toEqual([
      { registry: 'narrow.svc', what: { kind: 'repository', pattern: 'shared/app' }, actions: ['pull'] },
    ]);
  });

  it('is for the ServiceAccounts that it names, in any order', () => {
    const named = plan({ serviceAccounts: ['b', 'a', 'b'] });
    expect(named.grant?.grantees).toEqual([
      { kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'a' },
      { kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'b' },
    ]);
    expect(named).toEqual(plan({ serviceAccounts: ['a', 'b'] }));
  });

  it.each<[string, Partial<AccessOrder>]>([
    ['another tag', { image: 'inside.svc/shared/app:2.0' }],
    ['another name of the registry', { image: 'old.svc/shared/app' }],
    ['another end', { until: '2027-01-31' }],
    ['another reason', { reason: 'other' }],
  ])('has the same name with %s', (_, order) => {
    expect(plan(order).id).toBe(plan().id);
  });

  it.each<[string, Partial<AccessOrder>]>([
    ['another repository', { image: 'inside.svc/shared/other' }],
    ['another Namespace', { namespace: 'your-ns' }],
    ['ServiceAccounts that are named', { serviceAccounts: ['default'] }],
  ])('has another name for %s', (_, order) => {
    expect(plan(order).id).not.toBe(plan().id);
  });

  it.each(['a', 'my-ns', 'x'.repeat(63), `${'x'.repeat(21)}-${'y'.repeat(20)}`])(
    'has a name that a grant can have, for %s',
    (namespace) => {
      expect(plan({ namespace }).id).toMatch(/^access-[a-z0-9]([-a-z0-9]{0,31}[a-z0-9])?$/);
      expect(plan({ namespace }).id.length).toBeLessThanOrEqual(40);
    },
  );

  it('needs no grant where the registry knows nothing of ServiceAccounts', () => {
    const { grant } = plan({ image: 'plain.example.com/app' });
    expect(grant).toMatchObject({ what: [], access: { registries: ['plain.example.com'] } });
    // the same registry name in another cluster asks nobody there
    expect(plan({ cluster: 'stage' }).grant?.what).toEqual([]);
  });

  it('needs nothing to be stored where a rule brings the credential', () => {
    const ruled = plan({ image: 'ruled.example.com/app' }, { pull: 'yes' });
    expect(ruled.credential).toEqual({ by: 'configuration', rule: 'pull' });
    expect(ruled.grant).toBeUndefined();
  });

  it.each<[string, Partial<AccessOrder>, Record<string, string>]>([
    ['other labels', {}, {}],
    ['another ServiceAccount', { serviceAccounts: ['other'] }, { pull: 'yes' }],
    ['another cluster', { cluster: 'stage' }, { pull: 'yes' }],
  ])('has a Secret of its own where no rule covers %s', (_, order, labels) => {
    expect(plan({ image: 'ruled.example.com/app', ...order }, labels).credential).toMatchObject({ by: 'access' });
  });

  it('tells a registry without a credential from one without a login', () => {
    expect(plan({ image: 'unknown.example.com/app' })).toMatchObject({ credential: { by: 'missing' } });
    expect(plan({ image: 'open.example.com/app' })).toMatchObject({ credential: { by: 'nobody' } });
    expect(plan({ image: 'unknown.example.com/app' }).grant).toBeUndefined();
  });

  it('ends with its last day', () => {
    expect(plan({ until: '2027-01-31' }).until).toEqual(new Date('2027-02-01T00:00:00Z'));
  });

  it('asks for the copy to the very tag', () => {
    const { mirror } = plan({ mirrorFrom: 'docker.io/library/alpine:3.20' });
    expect(mirror).toMatchObject({
      source: 'docker.io/library/alpine:3.20',
      targets: ['inside.svc/shared/app:1.0'],
      trigger: 'api',
    });
  });

  it.each<[string, Partial<AccessOrder>, string]>([
    ['an end that is past', { until: '2026-11-20' }, 'grant-refused'],
    ['an end that is none', { until: '2027-02-30' }, 'invalid-usage'],
    ['a cluster that is none', { cluster: 'other' }, 'invalid-usage'],
    ['an image without a Namespace', { image: 'inside.svc/app' }, 'invalid-usage'],
    ['an image that is none', { image: 'inside.svc/UPPER' }, 'invalid-reference'],
  ])('refuses %s', (_, order, code) => {
    expect(() => plan(order)).toThrow(expect.objectContaining({ code }));
  });

  it('wants to know which cluster', () => {
    const { cluster: _, ...order } = ORDER;
    const known = { config: CONFIG, labels: {}, requestedBy: 'ann', now: NOW };
    expect(() => planAccess(order, known)).toThrow(
      expect.objectContaining({ code: 'invalid-usage', hint: 'there are: prod, stage' }),
    );
  });
});
