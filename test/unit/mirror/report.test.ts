// What became of a target, as data.
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { problemOf, reportOf } from '../../../shared/mirror/report.ts';
import type { Target } from '../../../shared/mirror/target.ts';
import { openTarget } from '../../../shared/mirror/open-target.ts';
import { createCopySession } from '../../../shared/mirror/session.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { parseReference } from '../../../shared/oci/reference.ts';

function target(reference: string): Target {
  const session = createCopySession(openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} }));
  return { ...openTarget(parseReference(reference), 0, session, undefined, () => undefined), startedAt: 1_000 };
}

describe('a report', () => {
  test('carries the figures of its target and the canonical reference', () => {
    const of = target('alpine');
    of.blobs.copied = 2;
    of.bytesMoved = 30;
    of.bytesSaved = 4;
    of.referrers = 1;
    of.meter.requests = 9;
    expect(reportOf(of, 'copied', 'sha256:1', 1_250.4)).toEqual({
      reference: 'docker.io/library/alpine:latest',
      digest: 'sha256:1',
      state: 'copied',
      blobs: { copied: 2, mounted: 0, existing: 0 },
      bytesMoved: 30,
      bytesSaved: 4,
      requests: 9,
      durationMs: 250,
      referrers: 1,
    });
  });

  test('has no digest and no error where there is none, and an error where there is one', () => {
    expect(Object.keys(reportOf(target('a.test/b'), 'planned', undefined, 0))).not.toContain('digest');
    expect(Object.keys(reportOf(target('a.test/b'), 'planned', undefined, 0))).not.toContain('error');
    expect(reportOf(target('a.test/b'), 'failed', undefined, 0, new Error('why')).error).toEqual({
      code: 'internal',
      message: 'why',
    });
  });
});

describe('a problem', () => {
  test('has the safe members of an error and nothing else', () => {
    const error = new TransshipError('denied', 'no', {
      hint: 'ask',
      details: { registry: 'r', repository: 'a', operation: 'write', status: 403, token: 'secret' },
      cause: new Error('deep'),
    });
    expect(problemOf(error)).toEqual({
      code: 'denied',
      message: 'no',
      hint: 'ask',
      registry: 'r',
      repository: 'a',
      operation: 'write',
      status: 403,
    });
  });

  test('leaves out what the error does not know', () => {
    expect(problemOf(new TransshipError('internal', 'no'))).toEqual({ code: 'internal', message: 'no' });
    expect(problemOf('a string')).toEqual({ code: 'internal', message: 'a string' });
  });
});
