// The file of the SQLite store: one owner, known version, whole, or not opened at all.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteJobStore } from '../../support/jobs/sqlite-job-store.ts';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { storeError } from '../../../infra/node/sqlite/sqlite-errors.ts';
import { assertSafeSqlite } from '../../../infra/node/sqlite/version-guard.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { pushEvent } from '../../support/push-event.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const OPTIONS = { ballastBytes: 4096 };
let dataDir = '';
beforeEach(async () => {
  dataDir = await newFolder();
});
afterEach(() => rm(dataDir, { recursive: true }));

/** A store that was closed as it should be, with one job. */
async function closedStore(): Promise<void> {
  const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
  await store.accept({ kind: 'mirror', payload: null });
  await store.close();
}

function change(sql: string): void {
  const database = new DatabaseSync(join(dataDir, 'jobs.sqlite'), { defensive: false });
  database.exec(sql);
  database.close();
}

describe('opening', () => {
  it('is for one process: the next one is told at once', async () => {
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
    const url = new URL('../../support/jobs/sqlite-job-store.ts', import.meta.url).href;
    const script = `import { openSqliteJobStore } from ${JSON.stringify(url)};
      await openSqliteJobStore({ dataDir: ${JSON.stringify(dataDir)} }).catch((error) => console.log(error.code));`;
    const second = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(second.stdout).toBe('store-locked\n');
    expect((await store.accept({ kind: 'mirror', payload: null })).isNew).toBe(true);
    await store.close();
    await (await openSqliteJobStore({ dataDir, ...OPTIONS })).close();
  });

  it('keeps the folder to its owner and holds room back', async () => {
    const inner = join(dataDir, 'new', 'data');
    const store = await openSqliteJobStore({ dataDir: inner, ballastBytes: 1_500_000 });
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
    expect((await stat(join(inner, 'ballast'))).size).toBe(1_500_000);
    await store.accept({ kind: 'mirror', payload: null });
    await cp(inner, `${inner}-killed`, { recursive: true });
    await store.close();
    const next = await openSqliteJobStore({ dataDir: `${inner}-killed`, ballastBytes: 1_500_000 });
    // no shared memory, also where a log was there already
    expect((await readdir(`${inner}-killed`)).sort()).toEqual(['ballast', 'jobs.sqlite', 'jobs.sqlite-wal']);
    await next.close();
  });

  it('removes half a ballast that a killed process left', async () => {
    await writeFile(join(dataDir, 'ballast.new'), 'half');
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
    expect((await readdir(dataDir)).sort()).toEqual(['ballast', 'jobs.sqlite', 'jobs.sqlite-wal']);
    await store.close();
  });

  it('opens what the version after this one wrote, unless that says no', async () => {
    await closedStore();
    change(`UPDATE meta SET value = '5' WHERE key = 'schema_version'; ALTER TABLE job ADD COLUMN future TEXT`);
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
    await store.accept({ kind: 'mirror', payload: null });
    expect((await store.counts()).states.READY).toBe(2);
    await store.close();
    change(`UPDATE meta SET value = '5' WHERE key = 'oldest_reader'`);
    await expect(openSqliteJobStore({ dataDir, ...OPTIONS })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('newer version') as string,
    });
  });

  it('brings a file of the first version up to date, with the jobs in it', async () => {
    await closedStore();
    change(`DROP TABLE push; DROP TABLE written_tag; DROP TABLE api_token;
      DROP TABLE grant_line; DROP TABLE grant_line_of; DROP TABLE grant_record; DROP TABLE grant_entry; DROP TABLE grant_hold;
      DROP INDEX job_next; DROP INDEX job_coalesced; DROP INDEX job_running;
      ALTER TABLE job DROP COLUMN hosts; ALTER TABLE job DROP COLUMN coalesce_key;
      CREATE INDEX job_ready ON job (kind, priority, run_at); CREATE INDEX job_waiting ON job (targets, kind);
      UPDATE meta SET value = '1' WHERE key = 'schema_version'`);
    const store = await openSqliteStore({ dataDir, ...OPTIONS });
    expect((await store.jobs.counts()).states.READY).toBe(1);
    expect(await store.pushes.list({}, 9)).toEqual({ pushes: [], next: undefined });
    expect(await store.journal.repositoriesOf('app')).toEqual([]);
    expect(await store.apiTokens.list()).toEqual([]);
    expect(await store.grants.lines({ limit: 9 })).toEqual([]);
    expect(await store.jobs.claim('mirror', 9, 1000, { perHost: 1, perRoute: 1 })).toMatchObject([
      { job: { hosts: [], coalesce: undefined } },
    ]);
    await store.close();
  });

  it('refuses a file that is damaged after an unclean stop', async () => {
    await closedStore();
    change(`UPDATE meta SET value = 'no' WHERE key = 'clean'; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'job_next'`);
    const opened = openSqliteJobStore({ dataDir, ...OPTIONS });
    await expect(opened).rejects.toMatchObject({
      code: 'store-unavailable',
      hint: expect.stringContaining('backup') as string,
    });
  });

  it('refuses a file that is something else', async () => {
    await writeFile(
      join(dataDir, 'jobs.sqlite'),
      'not a database, but long enough to be looked at as one '.repeat(100),
    );
    await expect(openSqliteJobStore({ dataDir, ...OPTIONS })).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('refuses a folder that is none', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const opened = openSqliteJobStore({ dataDir: join(dataDir, 'file'), ...OPTIONS });
    await expect(opened).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it.each(['3.40.1', '3.51.2', '3.52.0'])('refuses SQLite %s, which can lose commits', (version) => {
    expect(() => assertSafeSqlite(version)).toThrow(expect.objectContaining({ code: 'store-unavailable' }));
  });

  it.each(['3.51.3', '3.53.0', '3.53.4', '4.0.0'])('takes SQLite %s', (version) => {
    expect(() => assertSafeSqlite(version)).not.toThrow();
  });
});

describe('writing', () => {
  it('tells of changes when they are committed, not of what was refused', async () => {
    const changes: JobChange[] = [];
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS, onChange: (one) => void changes.push(one) });
    const { id } = await store.accept({ kind: 'mirror', payload: null }, 'key');
    await store.accept({ kind: 'mirror', payload: null }, 'key');
    const [claimed] = await store.claim('mirror', 1, 1000);
    await store.complete({ ...claimed!.lease, fence: 7 }).catch(() => {});
    await store.complete(claimed!.lease, null, [{ type: 'x', body: null }]);
    const of = (state: string, outbox = false) => ({ jobId: id, kind: 'mirror', state, outbox });
    expect(changes).toEqual([of('READY'), of('LEASED'), of('DONE', true)]);
    await store.close();
  });

  it('commits what waits when it is closed, and refuses what comes after', async () => {
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
    const waiting = store.accept({ kind: 'mirror', payload: null });
    await store.close();
    await store.close();
    const { id } = await waiting;
    await expect(store.accept({ kind: 'mirror', payload: null })).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(store.get(id)).rejects.toMatchObject({ code: 'store-unavailable' });
    const again = await openSqliteJobStore({ dataDir, ...OPTIONS });
    expect(await again.get(id)).toMatchObject({ state: 'READY' });
    await again.close();
  });

  it('records a push in the transaction of the job that it asked for', async () => {
    const store = await openSqliteStore({ dataDir, ...OPTIONS });
    const accepted = store.jobs.accept({ kind: 'mirror', payload: null }, 'push:k:app');
    const event = pushEvent({ dedupeKey: 'k' });
    const recorded = store.pushes.record([{ id: 'p', receivedAt: new Date(), event, jobKeys: ['push:k:app'] }]);
    const { id } = await accepted;
    // at once after the job's commit, before the next one can be made
    expect((await store.pushes.get('p'))?.jobIds).toEqual([id]);
    await recorded;
    await store.close();
  });

  it('takes nothing new while the disk has no room, and lets running work end', async () => {
    // more than any disk has, so that the room that is held back is never there
    const store = await openSqliteStore({ dataDir, ballastBytes: 1e15 });
    const token = { id: 'one', name: 'ci', scopes: ['read'] as const, createdAt: new Date() };
    const refused = [
      store.jobs.accept({ kind: 'mirror', payload: null }),
      store.pushes.record([{ id: 'p', receivedAt: new Date(), event: pushEvent(), jobKeys: [] }]),
      store.apiTokens.add(token, 'hash'),
    ];
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    expect(store.unreadyReason()).toContain('full');
    const place = { registry: 'r.example', repository: 'app', tag: '1' };
    await store.journal.wrote([{ ...place, digest: 'sha256:aa', rule: 'app', source: 's', writtenAt: new Date() }]);
    expect(await store.journal.written('r.example', 'app')).toHaveLength(1);
    expect((await store.pushes.list({}, 9)).pushes).toEqual([]);
    await store.close();
  });

  it('knows since when the oldest job could run, whatever its kind, priority and hosts', async () => {
    const store = await openSqliteStore({ dataDir, ...OPTIONS });
    const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    expect(await store.oldestDue(at(59))).toBeUndefined();
    await store.jobs.accept({ kind: 'mirror', payload: null, runAt: at(9), hosts: ['r'], priority: 5 });
    await store.jobs.accept({ kind: 'mirror', payload: null, runAt: at(8), hosts: ['s'] });
    await store.jobs.accept({ kind: 'mirror', payload: null, runAt: at(6), hosts: ['t'] });
    await store.jobs.accept({ kind: 'sweep', payload: null, runAt: at(7) });
    expect(await store.oldestDue(at(59))).toEqual(at(6));
    expect(await store.oldestDue(at(5))).toBeUndefined();
    await store.close();
  });

  it('gives a lease back only to the process that comes after', async () => {
    const clock = manualClock();
    const store = await openSqliteJobStore({ dataDir, clock, ...OPTIONS });
    await store.accept({ kind: 'mirror', payload: null });
    const [claimed] = await store.claim('mirror', 1, 1000);
    expect(claimed?.job.owner).toMatch(/^[0-9a-f-]{36}$/);
    await store.close();
    const again = await openSqliteJobStore({ dataDir, clock, ...OPTIONS });
    expect(await again.get(claimed!.job.id)).toMatchObject({ state: 'READY', owner: undefined, fence: 1 });
    await again.close();
  });

  it('has no byte of a secret in any of its files', async () => {
    const store = await openSqliteJobStore({ dataDir, ...OPTIONS });
    const { id } = await store.accept({ kind: 'mirror', payload: { credential: 'by reference: env HUB_TOKEN' } });
    const [claimed] = await store.claim('mirror', 1, 1000);
    const secret = new Secret('canary-4711');
    const message = `PUT https://u:canary-4711@r.example/v2/ failed: token=canary-4711x, ${String(secret)}`;
    await store.retry(claimed!.lease, new Date(), { code: 'internal', message });
    await store.close();
    for (const name of await readdir(dataDir)) {
      expect((await readFile(join(dataDir, name))).includes('canary-4711')).toBe(false);
    }
    expect(id).toBeDefined();
  });

  it('says what a number of SQLite means', async () => {
    await closedStore();
    await mkdir(join(dataDir, 'copy'));
    await cp(join(dataDir, 'jobs.sqlite'), join(dataDir, 'copy', 'jobs.sqlite'));
    const database = new DatabaseSync(join(dataDir, 'copy', 'jobs.sqlite'), { readOnly: true });
    let thrown: unknown;
    try {
      database.exec('DELETE FROM job');
    } catch (error) {
      thrown = error;
    }
    database.close();
    expect(storeError(thrown)).toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('read-only') as string,
    });
  });
});
