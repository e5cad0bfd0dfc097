// A grant as tests need it, with all that is not the matter of the test.
import type { PullGrant } from '../../../shared/grants/grant.ts';

export function pullGrant(own: Partial<PullGrant> = {}): PullGrant {
  return {
    id: 'base',
    grantees: [],
    what: [],
    reason: 'TEST-1',
    requestedBy: 'transship.yaml',
    mode: 'enforce',
    onExpiry: 'revoke',
    pin: 'name',
    adopt: false,
    origin: 'file',
    ...own,
  };
}
