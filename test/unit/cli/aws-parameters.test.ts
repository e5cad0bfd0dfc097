// What a deployment keeps of the last one: its parameters, by what the template says of itself; and what is told of versions and locks.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../../infra/aws/host/user-agent.ts';
import { deployment, DEPLOYMENT_PARAMETERS } from '../../../infra/aws/stack/deployment.ts';
import { checkProtection } from '../../../infra/cli/aws/checks/protection.ts';
import { checkVersion } from '../../../infra/cli/aws/checks/stack.ts';
import { isOlder, warnOfDeployment } from '../../../infra/cli/aws/deploy-warnings.ts';
import { deploymentOf, type Deployment } from '../../../infra/cli/aws/deployment.ts';
import { needsForce } from '../../../infra/cli/aws/needs-force.ts';
import {
  givenTo,
  isDeployedWith,
  mergeParameters,
  readParameters,
  toldParameters,
  wordsOf,
} from '../../../infra/cli/aws/parameters.ts';
import { PLACE } from '../../support/aws/aws-place.ts';

const DEFAULTS = { keepData: 'Retain', protectStack: 'true', logLevel: 'info', alarmEmail: '', subnetIds: '' };

function deployed(given: Readonly<Record<string, unknown>>, version = VERSION): Deployment {
  const said = { version, parameters: { ...DEFAULTS, ...given }, defaults: DEFAULTS };
  const found = deploymentOf(JSON.stringify({ Metadata: { Transship: said } }));
  if (found === undefined) throw new Error('the template says nothing');
  return found;
}

/** What osls has after a deployment with these, where this one was before. */
function next(words: readonly string[], before: Deployment) {
  const { parameters } = mergeParameters(readParameters(words), givenTo(before));
  return deployed(Object.fromEntries(parameters));
}

describe('parameters of serverless.yml', () => {
  it('are all known here, and a template says each of them with its default', () => {
    const { params } = parse(readFileSync('serverless.yml', 'utf8'));
    expect(Object.keys(params.default).toSorted()).toEqual([...DEPLOYMENT_PARAMETERS].toSorted());
    expect(DEPLOYMENT_PARAMETERS).toEqual(expect.arrayContaining(Object.keys(params.dev)));
    const { parameters, defaults } = deployment.Transship;
    expect(parameters['keepData']).toBe('${param:keepData}');
    expect(defaults['keepData']).toBe('${self:params.${sls:stage}.keepData, self:params.default.keepData}');
  });

  it('are written as name=value, and the last one of a name counts', () => {
    const read = readParameters(['alarmEmail=a@example.com', 'subnetIds=', 'alarmEmail=b=c@example.com ']);
    expect([...read]).toEqual([
      ['alarmEmail', 'b=c@example.com'],
      ['subnetIds', ''],
    ]);
  });

  it.each([
    ['alarmEmail', 'write it like'],
    ['=x', 'write it like'],
    ['alarmEmail=a\nb', 'write it like'],
    ['alarmEmial=x', 'did you mean alarmEmail?'],
    ['nothing=x', 'there are logLevel'],
    ['protectStack=no', 'protectStack=false'],
  ])('are refused before anything is asked of AWS: %j', (text, hint) => {
    expect(() => readParameters([text])).toThrow(
      expect.objectContaining({ code: 'invalid-usage', hint: expect.stringContaining(hint) }),
    );
  });
});

describe('a deployment again', () => {
  it('keeps what the last one was given, and says so', () => {
    const before = deployed({ subnetIds: 'subnet-1,subnet-2', protectStack: false });
    const merged = mergeParameters(readParameters(['logLevel=debug']), givenTo(before));
    expect(wordsOf(merged.parameters)).toEqual([
      '--param=protectStack=false',
      '--param=subnetIds=subnet-1,subnet-2',
      '--param=logLevel=debug',
    ]);
    expect(toldParameters(merged.kept)).toBe('protectStack=false, subnetIds=subnet-1,subnet-2');
  });

  it('takes what the command line says, and gives back the default for an empty value', () => {
    const before = deployed({ subnetIds: 'subnet-1', alarmEmail: 'a@example.com', logLevel: 'debug' });
    const after = next(['subnetIds=', 'alarmEmail=b@example.com', 'logLevel='], before);
    expect([...givenTo(after)]).toEqual([['alarmEmail', 'b@example.com']]);
  });

  it('has what the version at hand has by default where nothing was given, also where that was something else before', () => {
    const before = { ...deployed({}), defaults: new Map(Object.entries(DEFAULTS)) };
    expect(mergeParameters(new Map(), givenTo(before)).parameters).toEqual(new Map());
  });

  it('changes nothing by itself, whatever was given', () => {
    const value = fc.stringMatching(/^[!-~]{1,20}$/);
    const given = fc.dictionary(fc.constantFrom('keepData', 'logLevel', 'alarmEmail', 'subnetIds'), value);
    fc.assert(
      fc.property(given, (values) => {
        const before = deployed(values);
        expect(next([], before)).toEqual(before);
        expect(isDeployedWith(before, givenTo(before))).toBe(true);
      }),
    );
  });

  it('leaves out what this version has no parameter for, and warns of it', () => {
    const before = deployed({ ofTomorrow: 'x' });
    const merged = mergeParameters(new Map(), givenTo(before));
    expect(merged).toMatchObject({ parameters: new Map(), kept: new Map() });
    expect(warnOfDeployment(before, merged)).toMatchObject([{ message: expect.stringContaining('ofTomorrow=x') }]);
  });

  it('warns where a stack says nothing of its parameters, and not where it says all', () => {
    const merged = mergeParameters(new Map(), new Map());
    expect(warnOfDeployment(undefined, merged)).toMatchObject([{ hint: expect.stringContaining('--param') }]);
    expect(warnOfDeployment(deployed({}), merged)).toEqual([]);
  });

  it.each(['', 'Resources: {}', '{}', '{"Metadata":{"Transship":{}}}', '[]'])(
    'takes a template for one that says nothing: %j',
    (template) => expect(deploymentOf(template)).toBeUndefined(),
  );

  it.each([
    ['alarmEmail=b@example.com', false],
    ['alarmEmail=a@example.com', true],
    ['logLevel=info', true],
    ['alarmEmail=', false],
  ])('is one that the stack has, or not: %s', (word, isSame) => {
    const before = deployed({ alarmEmail: 'a@example.com' });
    const { parameters } = mergeParameters(readParameters([word]), givenTo(before));
    expect(isDeployedWith(before, parameters)).toBe(isSame);
  });
});

describe('what osls uploaded last', () => {
  const NONE = new Map<string, string>();
  it.each([
    ['is what runs', 'UPDATE_COMPLETE', deployed({}), NONE, false],
    ['is not what runs: CloudFormation took it back', 'UPDATE_ROLLBACK_COMPLETE', deployed({}), NONE, true],
    ['is not what runs: another version does', 'UPDATE_COMPLETE', deployed({}, '0.0.1'), NONE, true],
    ['is not what runs: other parameters do', 'UPDATE_COMPLETE', deployed({ logLevel: 'debug' }), NONE, true],
    ['is not known to run', 'UPDATE_COMPLETE', undefined, NONE, true],
  ])('%s', (_, status, before, parameters, is) => expect(needsForce({ status }, before, parameters)).toBe(is));
});

describe('another version', () => {
  it.each([
    ['0.1.0', '0.2.0', true],
    ['0.9.0', '0.10.0', true],
    ['1.0.0', '0.9.9', false],
    ['0.1.0', '0.1.0', false],
    ['0.1.0', '0.1.0-rc.1', false],
    ['0.1.0', 'main', false],
  ])('%s is older than %s: %s', (one, other, is) => expect(isOlder(one, other)).toBe(is));

  it('is told: an older one in place of a newer one before it is deployed, any other one afterwards', () => {
    const newer = deployed({}, '999.0.0');
    const merged = mergeParameters(new Map(), new Map());
    expect(warnOfDeployment(newer, merged)).toMatchObject([{ message: expect.stringContaining('999.0.0') }]);
    expect(checkVersion(PLACE, newer)).toMatchObject([{ state: 'warn', hint: 'install that version here' }]);
    expect(checkVersion(PLACE, deployed({}, '0.0.1'))).toMatchObject([{ hint: expect.stringContaining('aws deploy') }]);
    expect(checkVersion(PLACE, deployed({}))).toEqual([]);
  });
});

describe('the lock of a stack', () => {
  it.each([
    [true, {}, 'ok', ''],
    [false, {}, 'warn', '--stage prod --region eu-west-1; or'],
    [false, { protectStack: 'false' }, 'warn', '--param protectStack=true'],
    [false, { keepData: 'Delete' }, 'ok', ''],
  ])('%s with %j is %s', (isProtected, given, state, hint) => {
    const stack = { status: 'UPDATE_COMPLETE', isProtected, resources: new Map() };
    const [finding] = checkProtection(PLACE, stack, deployed(given));
    expect(finding).toMatchObject({ id: 'protection', state });
    expect(finding?.hint ?? '').toContain(hint);
  });
});
