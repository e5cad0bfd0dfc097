// The contract of the store of API tokens.
import { describe, expect, it } from 'vitest';
import type { ApiToken } from '../../../functions/http-api/api-token.ts';
import type { StoreSubject } from '../../support/jobs/store-subject.ts';
import { withStore } from '../jobs/suite/with-store.ts';

export function describeApiTokens(subject: StoreSubject): void {
  describe(`the ${subject.name} API token store`, () => {
    const bed = withStore(subject);
    const token = (given: Partial<ApiToken> = {}): ApiToken => ({
      id: 'one',
      name: 'ci',
      scopes: ['read', 'mirror'],
      createdAt: bed.clock.now(),
      ...given,
    });

    it('finds a token by its hash, through a kill', async () => {
      const limited = token({ rules: ['app'], registries: ['r.example'], expiresAt: bed.in(1000) });
      const plain = token({ id: 'two' });
      await bed.apiTokens.add(limited, 'aa');
      await bed.apiTokens.add(plain, 'bb');
      await bed.crash();
      expect(await bed.apiTokens.findByHash('aa')).toEqual(limited);
      expect(await bed.apiTokens.findByHash('bb')).toEqual(plain);
      expect(await bed.apiTokens.findByHash('cc')).toBeUndefined();
    });

    it('lists the newest first', async () => {
      for (const id of ['one', 'two', 'three']) await bed.apiTokens.add(token({ id }), id);
      expect((await bed.apiTokens.list()).map(({ id }) => id)).toEqual(['three', 'two', 'one']);
    });

    it('still tells of one that has expired: whoever asks decides', async () => {
      await bed.apiTokens.add(token({ expiresAt: bed.in(1) }), 'aa');
      await bed.clock.advance(1000);
      expect(await bed.apiTokens.findByHash('aa')).toMatchObject({ id: 'one' });
    });

    it('revokes one, and only that', async () => {
      for (const id of ['one', 'two']) await bed.apiTokens.add(token({ id }), id);
      expect([await bed.apiTokens.revoke('one'), await bed.apiTokens.revoke('one')]).toEqual([true, false]);
      expect(await bed.apiTokens.findByHash('one')).toBeUndefined();
      expect(await bed.apiTokens.list()).toHaveLength(1);
    });
  });
}
