// Where statements have room, and that the starter is a configuration of which a stack can be made.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { needsOf } from '../../../../infra/aws/stack/needs.ts';
import { placed } from '../../../../infra/aws/stack/policies.ts';
import { stackOf } from '../../../../infra/aws/stack/stack.ts';
import { allow, type Statement } from '../../../../infra/aws/stack/calls/statement.ts';
import { readConfig } from '../../../../shared/config/load.ts';
import { configOf } from '../../../support/config-of.ts';
import { rejectionOf } from '../../../support/rejection.ts';

const OWN: Statement[] = [allow('Log', ['logs:PutLogEvents'], ['arn:aws:logs:eu-west-1:123456789012:log-group:x:*'])];

function many(count: number): Statement {
  const arns = Array.from({ length: count }, (_, at) => `arn:aws:ecr:eu-west-1:123456789012:repository/team/app-${at}`);
  return allow('WriteTargets', ['ecr:PutImage'], arns);
}

describe('room for policies', () => {
  it('is in the role itself for what fits there', () => {
    expect(placed('f', OWN, [many(20)])).toEqual([[...OWN, many(20)]]);
  });

  it('is beside the role for more, and nothing of it is lost or said twice', () => {
    const [inline, ...more] = placed('f', OWN, [many(600)]);
    expect(inline).toEqual(OWN);
    expect(more.length).toBeGreaterThan(1);
    expect(more.flat().flatMap(({ Resource }) => Resource)).toEqual(many(600).Resource);
    for (const statements of more) {
      expect(JSON.stringify({ Version: '2012-10-17', Statement: statements }).length).toBeLessThan(6144);
      expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
    }
  });

  it('ends somewhere, which is told with what helps', async () => {
    const error = await rejectionOf(Promise.try(() => placed('mirror-image', OWN, [many(2000)])));
    expect(error).toMatchObject({ code: 'invalid-config', hint: expect.stringContaining('common prefix') });
    expect(String(error)).toContain('mirror-image would need 2000 resources');
  });
});

describe('the stack of a configuration', () => {
  const starter = readFileSync(new URL('../../../../infra/aws/stack/starter.yaml', import.meta.url), 'utf8');
  const surroundings = { env: {}, homeDir: '/', cwd: '/' };

  it('comes of the starter, which is a configuration without warnings, also with what is commented out in it', () => {
    const whole = starter.replaceAll(/^# ?(?=(?:clusters|credentials|grants|  ))/gm, '');
    for (const text of [starter, whole]) {
      const { config, warnings } = readConfig([{ file: 'starter.yaml', text }], surroundings);
      expect(warnings).toEqual([]);
      expect(Object.keys(stackOf(config).Resources)).toContain('MirrorImageRole');
    }
    const { config } = readConfig([{ file: 'starter.yaml', text: whole }], surroundings);
    expect(config).toMatchObject({ clusters: [{ name: 'prod' }], credentials: [{}], grants: [{}] });
    expect(needsOf(config)).toMatchObject({
      secrets: ['transship/docker-hub'],
      eksClusters: [{ region: 'eu-west-1', cluster: 'prod' }],
      clusterFunctions: ['registry-token', 'http-api', 'refresh-credentials', 'reconcile-grants', 'give-access'],
    });
  });

  it('is the same for the same configuration, and has a policy of its own where a role has no room', () => {
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const names = Array.from({ length: 200 }, (_, at) => `app-${at}`).join();
    const config = configOf(`
registries: { ${host}: { credential: { aws: {} } } }
mirrors: [{ name: r, from: "quay.io/team/{${names}}", to: ["${host}/m/{name}"] }]`);
    const { Resources } = stackOf(config);
    expect(Resources['MirrorImagePolicy1']).toMatchObject({
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { Roles: [{ Ref: 'MirrorImageRole' }] },
    });
    expect(JSON.stringify(stackOf(config).Resources)).toBe(JSON.stringify(Resources));
  });
});
