// The commands that work with a server's jobs, events and tokens: the same through its socket, over HTTP, and on the store itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JOB_STATES } from '../../shared/jobs/job.ts';
import { jsonLines, openCliBed, type CliBed, type Ran } from '../support/cli-bed.ts';
import { pushEvent } from '../support/push-event.ts';

const LATER = new Date('2100-01-01T00:00:00Z');
const CONFIG = `
mirrors:
  - { name: app, from: docker.io/team/app, to: [r.example/app], schedule: 'off' }
`;

let bed: CliBed;
beforeEach(async () => {
  bed = await openCliBed(CONFIG);
});
afterEach(() => bed.remove());

/** A waiting job, a dead one and the push that asked for the first. */
async function fill(): Promise<{ waiting: string; dead: string }> {
  return bed.withStore(async ({ jobs, pushes }) => {
    const payload = { source: 'docker.io/team/app:1.0', targets: ['r.example/app:1.0'], trigger: 'push' };
    const doomed = await jobs.accept({
      kind: 'doomed',
      targets: ['r.example/x:1'],
      payload: { source: 'docker.io/x:1' },
    });
    const [claimed] = await jobs.claim('doomed', 1, 1000);
    await jobs.bury(claimed!.lease, { code: 'denied', message: 'no right to push', hint: 'ask for it' });
    const job = { kind: 'mirror', targets: ['r.example/app:1.0', 's.example/app:1.0'], payload, runAt: LATER };
    const receivedAt = new Date();
    const waiting = await jobs.accept(job, 'push:k:app');
    await pushes.record([
      { id: 'push-1', receivedAt, event: pushEvent({ dedupeKey: 'k', actor: 'ann' }), jobKeys: ['push:k:app'] },
      { id: 'push-2', receivedAt, event: pushEvent({ relevant: false, reason: 'own-actor' }), jobKeys: [] },
      { id: 'push-3', receivedAt, event: pushEvent({ receiverId: 'other' }), jobKeys: [] },
    ]);
    return { waiting: waiting.id, dead: doomed.id };
  });
}

type Way = { name: string; open: () => Promise<(...words: string[]) => Promise<Ran>> };

const WAYS: Way[] = [
  { name: 'on the store', open: () => Promise.resolve((...words) => bed.run(words)) },
  {
    name: 'through the socket',
    async open() {
      await bed.serve();
      return (...words) => bed.run(words);
    },
  },
  {
    name: 'over HTTP',
    async open() {
      const { stdout } = await bed.run(['api-token', 'create', '--name', 'test', '--scope', 'admin']);
      const url = await bed.serve();
      return (...words) => bed.run([...words, '--server', url], { TRANSSHIP_TOKEN: stdout });
    },
  },
];

describe.each(WAYS)('$name', ({ open }) => {
  test('lists jobs, by state and kind, and as many as are asked for', async () => {
    const { waiting, dead } = await fill();
    const run = await open();
    const all = await run('jobs', 'list');
    expect(all.exitCode).toBe(0);
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ID +STATE +KIND +ACCEPTED +TRIES +TARGETS$/);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(new RegExp(`^${waiting} +READY +mirror +\\d+s ago +0 +r.example/app:1.0 \\+1$`)),
      expect.stringMatching(new RegExp(`^${dead} +DEAD +doomed +\\d+s ago +1 +r.example/x:1 denied$`)),
    ]);
    const ids = async (...words: string[]) =>
      jsonLines(await run('jobs', 'list', '--json', ...words)).map(({ type, id, jobs }) =>
        type === 'job' ? id : jobs,
      );
    expect(await ids('--state', 'DEAD')).toEqual([dead, 1]);
    expect(await ids('--kind', 'mirror')).toEqual([waiting, 1]);
    expect(await ids('--kind', 'nothing')).toEqual([0]);
    const one = await run('jobs', 'list', '--limit', '1');
    expect(one.stdout).not.toContain(dead);
    expect(one.stderr).toContain('there are more');
    expect(jsonLines(await run('jobs', 'list', '--limit', '1', '--json')).at(-1)).toEqual({
      type: 'report',
      jobs: 1,
      more: true,
    });
  });

  test('shows a job', async () => {
    const { waiting, dead } = await fill();
    const run = await open();
    const shown = await run('jobs', 'show', dead);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toMatch(/state +DEAD\nof +docker.io\/x:1\n/);
    expect(shown.stderr).toBe('transship: no right to push\nhint: ask for it\n');
    const [report] = jsonLines(await run('jobs', 'show', waiting, '--json'));
    expect(report).toMatchObject({ type: 'report', id: waiting, state: 'READY', payload: { trigger: 'push' } });
  });

  test('offers a dead job again, and says what cannot be', async () => {
    const { waiting, dead } = await fill();
    const run = await open();
    const tried = await run('jobs', 'retry', dead, waiting, 'nobody');
    expect(tried.exitCode).toBe(3);
    expect(tried.stdout).toMatch(new RegExp(`^${dead}  READY\n$`));
    expect(tried.stderr).toMatch(
      new RegExp(`^transship: ${waiting}: the job is READY: .*\ntransship: nobody: .*\nhint: `),
    );
    expect((await run('jobs', 'retry', waiting)).exitCode).toBe(1);
  });

  test('cancels a job', async () => {
    const { waiting } = await fill();
    const run = await open();
    const cancelled = await run('jobs', 'cancel', waiting, '--json');
    expect(cancelled.exitCode).toBe(0);
    expect(jsonLines(cancelled)).toMatchObject([
      { type: 'job', id: waiting, state: 'CANCELLED' },
      { type: 'report', changed: 1, failed: 0 },
    ]);
  });

  test('follows a job that has ended, and ends as it did', async () => {
    const { dead } = await fill();
    const run = await open();
    const followed = await run('jobs', 'show', '--follow', dead);
    expect(followed.exitCode).toBe(1);
    expect(followed.stdout).toMatch(/Z {2}accepted\n.*Z {2}claimed .*\n.*Z {2}dead .*no right to push/);
    const lines = jsonLines(await run('jobs', 'show', '--follow', '--json', dead));
    expect(lines.map(({ type, event }) => event ?? type)).toEqual(['accepted', 'claimed', 'dead', 'report']);
  });

  test('lists pushes and what became of them, and shows one', async () => {
    const { waiting } = await fill();
    const run = await open();
    const { stdout } = await run('events', 'list');
    expect(stdout.split('\n').slice(1, 4)).toEqual([
      expect.stringMatching(/^push-3 .* other .* push .*docker.io\/team\/app:1.0 +ignored: no rule takes it$/),
      expect.stringMatching(/^push-2 .* hub .* push .*ignored: own-actor$/),
      expect.stringMatching(/^push-1 .* 1 job$/),
    ]);
    const ids = async (...words: string[]) =>
      jsonLines(await run('events', 'list', '--json', ...words)).flatMap(({ id }) => id ?? []);
    expect(await ids('--relevant')).toEqual(['push-3', 'push-1']);
    expect(await ids('--receiver', 'other')).toEqual(['push-3']);
    const shown = await run('events', 'show', 'push-1');
    expect(shown.stdout).toMatch(new RegExp(`by +ann\n(.*\n)*became +1 job\njob +${waiting}\n$`));
    expect((await run('events', 'show', 'nobody')).exitCode).toBe(1);
  });

  test('makes a token, lists it and revokes it', async () => {
    await fill();
    const run = await open();
    const made = await run(
      'api-token',
      'create',
      '--name',
      'ci',
      '--scope',
      'read,mirror',
      '--rule',
      'app',
      '--expires',
      '2100-01-31',
    );
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toMatch(/^tsk_[\w-]{43}\n$/);
    expect(made.stderr).toContain('it expires at 2100-01-31');
    const [token] = jsonLines(await run('api-token', 'list', '--json'));
    expect(token).toMatchObject({ type: 'api-token', name: 'ci', scopes: ['read', 'mirror'], rules: ['app'] });
    expect(JSON.stringify(token)).not.toContain(made.stdout.trim().slice(4));
    expect((await run('api-token', 'list')).stdout).toMatch(/ci +read,mirror +\d+s ago +in \d+d +rule app\n/);
    expect((await run('api-token', 'revoke', String(token?.['id']))).exitCode).toBe(0);
    expect((await run('api-token', 'revoke', String(token?.['id']))).exitCode).toBe(1);
    expect((await run('api-token', 'list')).stdout).not.toContain('ci ');
  });
});

describe('a command', () => {
  test('without server and store says so, and makes none by looking', async () => {
    for (const words of [
      ['jobs', 'list'],
      ['events', 'list'],
      ['api-token', 'list'],
    ]) {
      const { exitCode, stderr } = await bed.run(words);
      expect(exitCode).toBe(1);
      expect(stderr).toBe(
        `transship: no server runs here, and there are no jobs in ${bed.dataDir}\nhint: start it: transship serve; or name one: --server https://transship.example.com\n`,
      );
    }
  });

  test('does not wait for a job that nobody works on', async () => {
    const { waiting } = await fill();
    const { exitCode, stderr } = await bed.run(['jobs', 'show', '--follow', waiting]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no server runs: the job waits until one is started');
  });

  test('at a server that is not there says so', async () => {
    const { exitCode, stderr } = await bed.run(['jobs', 'list', '--server', 'http://127.0.0.1:1']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^transship: http:\/\/127.0.0.1:1 can't be reached: .*\nhint: check the address/);
  });

  test('needs a token for a server, and one with the right scope', async () => {
    const { stdout: reader } = await bed.run(['api-token', 'create', '--name', 'reader', '--scope', 'read']);
    const url = await bed.serve();
    const none = await bed.run(['jobs', 'list', '--server', url, '--json']);
    expect(none.exitCode).toBe(1);
    expect(jsonLines(none)).toMatchObject([
      { type: 'error', code: 'unauthorized', hint: expect.stringContaining('TRANSSHIP_TOKEN') as string },
    ]);
    const reading = { TRANSSHIP_TOKEN: reader };
    expect((await bed.run(['jobs', 'list', '--server', url], reading)).exitCode).toBe(0);
    const forbidden = await bed.run(['api-token', 'list', '--server', url, '--json'], reading);
    expect(jsonLines(forbidden)).toMatchObject([{ type: 'error', code: 'denied' }]);
    const wrong = await bed.run(['jobs', 'list', '--server', url], { TRANSSHIP_TOKEN: `Bearer ${reader}` });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr + none.stderr + forbidden.stderr).not.toContain(reader.trim());
  });

  test.each([
    [['jobs', 'list', '--state', 'GONE'], JOB_STATES.join(', ')],
    [['jobs', 'list', '--limit', '0'], 'a number from 1'],
    [['jobs', 'list', '--server', 'ftp://x'], 'is not the address of a server'],
    [['jobs', 'list', '--server', 'https://u:p@x'], 'user name or password'],
    [['jobs', 'list', '--server', 'https://x', '--token-file', '/nonexistent'], "can't be read"],
    [['jobs', 'retry'], 'missing required argument'],
    [['api-token', 'create', '--name', 'x'], '--scope'],
    [['api-token', 'create', '--name', 'x', '--scope', 'read', '--expires', 'soon'], 'neither a duration nor a date'],
  ])('that is wrong ends with 2: %j', async (words, told) => {
    const { exitCode, stderr } = await bed.run(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(told);
  });

  test('says what the server says about a wrong token order', async () => {
    const { exitCode, stderr } = await bed.run([
      'api-token',
      'create',
      '--name',
      'x',
      '--scope',
      'admin',
      '--rule',
      'app',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('a token with the scope admin can have no limits');
  });
});
