// The campaign of many namespaces at a real API server, small; `npm run campaign -- --only credentials` does it with 5,000 of them.
import { expect, test } from 'vitest';
import { credentialsCampaign } from '../../support/credentials/credentials-campaign.ts';
import { isKubernetesMissing } from '../../support/kubernetes.ts';

const namespaces = Number(process.env['TRANSSHIP_TEST_NAMESPACES'] ?? '60');

// needs an API server that this machine may not have
test.skipIf(isKubernetesMissing())(
  `${namespaces} namespaces get their credentials through deaths and turnovers`,
  { timeout: 60_000 + namespaces * 600 },
  async () => {
    const { wrong, phases } = await credentialsCampaign(namespaces, Math.random);
    for (const { name, seconds, lists, reads, writes, calls } of phases) {
      console.log(`${name}: ${seconds} s, ${lists} pages, ${reads} reads, ${writes} writes, ${calls} provider calls`);
    }
    expect(wrong).toEqual([]);
  },
);
