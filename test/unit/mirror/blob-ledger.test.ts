// What a process knows about where blobs are.
import { describe, expect, test } from 'vitest';
import { createBlobLedger } from '../../../shared/mirror/blob-ledger.ts';

describe('holders', () => {
  test('are known by registry, repository and digest', () => {
    const ledger = createBlobLedger();
    ledger.note('r', 'a', 'sha256:1');
    expect(ledger.holds('r', 'a', 'sha256:1')).toBe(true);
    expect(ledger.holds('r', 'b', 'sha256:1')).toBe(false);
    expect(ledger.holds('q', 'a', 'sha256:1')).toBe(false);
    expect(ledger.holds('r', 'a', 'sha256:2')).toBe(false);
  });

  test('can be found for a mount, the first one first, and never in another registry', () => {
    const ledger = createBlobLedger();
    ledger.note('r', 'a', 'sha256:1');
    ledger.note('r', 'b', 'sha256:1');
    expect(ledger.find('r', 'sha256:1', 'c')).toBe('a');
    expect(ledger.find('q', 'sha256:1', 'c')).toBeUndefined();
  });

  test('are no place to mount from for themselves', () => {
    const ledger = createBlobLedger();
    ledger.note('r', 'a', 'sha256:1');
    expect(ledger.find('r', 'sha256:1', 'a')).toBeUndefined();
    ledger.note('r', 'b', 'sha256:1');
    expect(ledger.find('r', 'sha256:1', 'a')).toBe('b');
  });

  test('are forgotten one by one', () => {
    const ledger = createBlobLedger();
    ledger.note('r', 'a', 'sha256:1');
    ledger.note('r', 'b', 'sha256:1');
    ledger.forget('r', 'a', 'sha256:1');
    expect(ledger.holds('r', 'a', 'sha256:1')).toBe(false);
    expect(ledger.find('r', 'sha256:1', 'c')).toBe('b');
    ledger.forget('r', 'b', 'sha256:1');
    expect(ledger.find('r', 'sha256:1', 'c')).toBeUndefined();
    ledger.forget('r', 'never noted', 'sha256:9');
  });
});

describe('an upload under way', () => {
  test('can be waited for until it has ended', async () => {
    const ledger = createBlobLedger();
    const end = ledger.lead('r', 'sha256:1');
    let ended = false;
    const waiting = ledger.underway('r', 'sha256:1')?.then(() => (ended = true));
    await Promise.resolve();
    expect(ended).toBe(false);
    end();
    await waiting;
    expect(ended).toBe(true);
    expect(ledger.underway('r', 'sha256:1')).toBeUndefined();
  });

  test('does not concern other blobs or registries', () => {
    const ledger = createBlobLedger();
    ledger.lead('r', 'sha256:1');
    expect(ledger.underway('r', 'sha256:2')).toBeUndefined();
    expect(ledger.underway('q', 'sha256:1')).toBeUndefined();
  });

  test('that ended once more does not end the next one', () => {
    const ledger = createBlobLedger();
    const end = ledger.lead('r', 'sha256:1');
    end();
    ledger.lead('r', 'sha256:1');
    end();
    expect(ledger.underway('r', 'sha256:1')).toBeDefined();
  });
});
