// The routes that look who may pull: who may ask about which registry, and that nobody is sent to doors of our own network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PullMeans } from '../../../functions/can-pull/pull-means.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { AuditFinding } from '../../../shared/grants/audit-finding.ts';
import { configOf, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const QUAY = 'quay.io';

const config = configOf(`
version: 1
registries:
  ${ECR}: {}
  ${QUAY}: {}
`);

function findingAt(host: string): AuditFinding {
  const target = { backend: 'ecr' as const, host, place: 'team/app' };
  return { target, object: 'Sid Everybody', who: ['everybody'], what: 'team/app', class: 'over-broad', flags: [] };
}

const means: PullMeans = {
  clusters: { names: [], get: (name) => Promise.reject(new TransshipError('invalid-config', `no cluster ${name}`)) },
  grantBackends: ({ host, backend: kind }) => {
    if (host === QUAY) return Promise.reject(new TransshipError('denied', 'quay.io: no administrator'));
    const unused = () => Promise.reject(new Error('an audit only looks'));
    return Promise.resolve({
      kind,
      survey: unused,
      observe: unused,
      marked: unused,
      write: unused,
      verify: unused,
      async *audit() {
        yield await Promise.resolve(findingAt(host));
      },
    });
  },
  probeImage: () => Promise.resolve({ state: 'ok', checked: 'pull' }),
};

describe('who may pull, over the API', () => {
  let bed: ApiBed<ManualClock>;
  let given: number;

  beforeAll(async () => {
    given = 0;
    bed = await openApiBed({ borrowPullMeans: () => ({ value: means, giveBack: () => void (given += 1) }) }, config);
  });
  afterAll(() => bed.close());

  const audit = async (token: string, query = '') => bed.ask(`/v1/grants/audit${query}`, { token });
  const canPull = async (token: string, body: object) => bed.ask('/v1/can-pull', { method: 'POST', token, body });

  it('an audit tells what was found and what could not be read, and gives back what it borrowed', async () => {
    const answer = await audit(await bed.token({ scopes: ['read'] }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      items: [
        {
          class: 'over-broad',
          backend: 'ecr',
          host: ECR,
          place: 'team/app',
          object: 'Sid Everybody',
          who: ['everybody'],
          what: 'team/app',
          flags: [],
        },
      ],
      sites: 2,
      unread: [{ backend: 'quay', host: QUAY, code: 'denied', message: 'quay.io: no administrator' }],
    });
    expect(given).toBe(1);
  });

  it('an audit of one registry looks at no other', async () => {
    const answer = await audit(await bed.token({ scopes: ['read'] }), `?registry=${ECR}`);
    expect(await answer.json()).toMatchObject({ sites: 1, unread: [] });
    expect((await audit(await bed.token({ scopes: ['read'] }), '?cluster=gone')).status).toBe(422);
  });

  it('a token that is held to registries sees those only', async () => {
    const token = await bed.token({ scopes: ['read'], registries: [QUAY] });
    expect(await (await audit(token)).json()).toMatchObject({ items: [], sites: 1 });
    expect((await canPull(token, { subject: 'user:x', image: `${ECR}/team/app` })).status).toBe(403);
  });

  it('can-pull answers with what says so', async () => {
    const token = await bed.token({ scopes: ['read'] });
    const answer = await canPull(token, { subject: 'user:x', image: `${ECR}/team/app:1` });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      answer: 'yes',
      subject: 'User x',
      image: `${ECR}/team/app:1`,
      by: [{ object: 'Sid Everybody' }],
    });
  });

  it.each([
    [{ subject: 'x', image: `${ECR}/team/app` }, 422],
    [{ subject: 'user:x', image: 'UPPER//case' }, 422],
    [{ subject: 'a/b', image: `${ECR}/team/app` }, 422],
    [{ subject: 'user:x', image: '169.254.169.254/team/app' }, 403],
    [{ subject: 'user:x', image: 'inner:5000/team/app' }, 403],
    [{ subject: 'user:x' }, 422],
  ])('can-pull of %j is answered with %i', async (body, status) => {
    expect((await canPull(await bed.token({ scopes: ['read'] }), body)).status).toBe(status);
  });

  it('takes the scope read', async () => {
    const token = await bed.token({ scopes: ['credentials'] });
    expect((await audit(token)).status).toBe(403);
    expect((await canPull(token, { subject: 'user:x', image: `${ECR}/team/app` })).status).toBe(403);
  });
});
