// A client of the HTTP API of any host: JSON in and out, and jobs that are waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Host } from './host-subject.ts';

export type Answer = { status: number; headers: Headers; text: string; json: Json };

/** Whatever stands in an answer; tests say what they expect of it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

export type Ask = {
  method?: string;
  /** Sent as JSON; text and bytes as they are. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** In place of the host's own token; null: none. */
  token?: string | null;
};

export async function ask(host: Pick<Host, 'url' | 'token'>, path: string, given: Ask = {}): Promise<Answer> {
  const { method = given.body === undefined ? 'GET' : 'POST', body, headers = {}, token = host.token } = given;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(host.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** The job that an answer names. */
export function jobIn({ status, headers, text }: Answer): string {
  const id = headers.get('location')?.replace(/^\/v1\/jobs\//, '') ?? '';
  expect([status, id === '' ? text : 'a job']).toEqual([202, 'a job']);
  return id;
}

/** Several processes share few cores with everything around them. */
const PATIENCE_MS = 55_000;

/** What the condition gives, as soon as it gives something. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T> & {}> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== null && found !== false && found !== '') return found;
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${String(condition)}`);
    await sleep(50);
  }
}

const ENDED = /^(?:DONE|DEAD|CANCELLED|SUPERSEDED)$/;

/** The job, when it has ended. */
export async function endOf(host: Host, id: string): Promise<Json> {
  return until(async () => {
    const { json } = await ask(host, `/v1/jobs/${id}`);
    return ENDED.test(json.state) ? json : undefined;
  });
}

/** Waits until it is done. */
export async function done(host: Host, id: string): Promise<Json> {
  const job = await endOf(host, id);
  expect(job.state === 'DONE' ? 'DONE' : job).toBe('DONE');
  return job;
}

/** The jobs of a kind, newest first. */
export async function jobsOf(host: Host, kind: string): Promise<Json[]> {
  const { json } = await ask(host, `/v1/jobs?limit=100&kind=${kind}`);
  return json.items;
}
