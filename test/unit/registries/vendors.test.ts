// The table of vendors: exact hosts, never look-alikes.
import { assert, constantFrom, property, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vendorOf, vendors } from '../../../shared/registries/vendors.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describe('the vendor of a host', () => {
  it.each([
    ['docker.io', 'docker-hub'],
    ['index.docker.io', 'docker-hub'],
    ['registry-1.docker.io', 'docker-hub'],
    ['DOCKER.IO', 'docker-hub'],
    ['docker.io:443', 'docker-hub'],
    ['ghcr.io', 'ghcr'],
    ['containers.acme.ghe.com', 'ghcr'],
    ['quay.io', 'quay'],
    ['registry.gitlab.com', 'gitlab'],
    [ECR, 'ecr'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'ecr'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'ecr'],
    ['123456789012.dkr-ecr.eu-west-1.on.aws', 'ecr'],
    ['123456789012.dkr-ecr-fips.us-east-1.on.aws', 'ecr'],
    ['123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'ecr'],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'ecr'],
    ['public.ecr.aws', 'ecr-public'],
    ['europe-docker.pkg.dev', 'artifact-registry'],
    ['us-central1-docker.pkg.dev', 'artifact-registry'],
    ['gcr.io', 'artifact-registry'],
    ['eu.gcr.io', 'artifact-registry'],
    ['acme.azurecr.io', 'acr'],
    ['acme-a1b2c3.azurecr.io', 'acr'],
    ['acme.eastus.geo.azurecr.io', 'acr'],
    ['acme.azurecr.cn', 'acr'],
    ['acme.jfrog.io', 'artifactory'],
    ['localhost:5000', 'distribution'],
    ['[::1]:5000', 'distribution'],
    ['registry.example.com', 'distribution'],
  ])('%s is %s', (host, kind) => {
    expect(vendorOf(host).kind).toBe(kind);
  });

  it.each([
    'evil-docker.io',
    'docker.io.evil.com',
    'docker.io:5000',
    'docker.io.',
    'hub.docker.io',
    'xghcr.io',
    'ghcr.io.evil.com',
    'ghcr.io:8443',
    'containers.a.b.ghe.com',
    'evil.quay.io',
    'quay.io\n',
    'quay.io@evil.com',
    `${ECR}.evil.com`,
    `${ECR}.cn.evil.com`,
    `${ECR}:5000`,
    `evil${ECR}`,
    `evil.${ECR}`,
    '12345.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn.',
    '123456789012.dkrxecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.evil.com/.amazonaws.com',
    'public-ecr.aws',
    'public.ecr.aws.evil.com',
    'evil.com-docker.pkg.dev',
    'x-docker.pkg.dev.evil.com',
    'evilgcr.io',
    'a.b.gcr.io',
    'azurecr.io',
    'acme.azurecr.io.evil.com',
    'evil.com.azurecr.io',
    'jfrog.io.evil.com',
    'evil-jfrog.io',
    'registry.gitlab.com.evil.com',
  ])('%s is nobody we know', (host) => {
    expect(vendorOf(host).kind).toBe('distribution');
  });

  it('knows nobody behind a prefix that joins on, or a suffix (CVE-2026-59891)', () => {
    const known = ['docker.io', 'ghcr.io', 'quay.io', 'public.ecr.aws', 'registry.gitlab.com', ECR];
    assert(
      property(constantFrom(...known), stringMatching(/^[a-z0-9-]{1,10}$/), (host, text) => {
        expect(vendorOf(`${host}.${text}`).kind).toBe('distribution');
        expect(vendorOf(`${text}x${host}`).kind).toBe('distribution');
      }),
    );
  });

  it.each(['harbor', 'gitlab', 'artifactory', 'quay', 'acr', 'distribution'])('can be told to be %s', (kind) => {
    expect(vendorOf('registry.example.com:5000', kind).kind).toBe(kind);
  });

  it('can be told to be other than what its host says', () => {
    expect(vendorOf('ghcr.io', 'distribution').kind).toBe('distribution');
  });

  it('refuses a kind that does not exist and names those that do', () => {
    expect(() => vendorOf('registry.example.com', 'harbour')).toThrow(
      expect.objectContaining({ code: 'invalid-config', hint: expect.stringContaining('harbor') }),
    );
  });
});

describe('the hosts of a vendor', () => {
  it('sends the requests for Docker Hub to its API host under every name', () => {
    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      expect(vendorOf(host).apiHost?.(host)).toBe('registry-1.docker.io');
    }
  });

  it('trusts the layer bucket of an ECR registry in its own region and partition only', () => {
    expect(vendorOf(ECR).trustedHosts).toContain('prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com');
    expect(vendorOf('123456789012.dkr-ecr.eu-west-1.on.aws').trustedHosts).toEqual(vendorOf(ECR).trustedHosts);
    expect(vendorOf('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn').trustedHosts).toContain(
      'prod-cn-north-1-starport-layer-bucket.s3.cn-north-1.amazonaws.com.cn',
    );
  });

  it('lists trusted hosts as exact names or as sub-domains of a whole domain', () => {
    const hosts = [...vendors, vendorOf(ECR)].flatMap((vendor) => vendor.trustedHosts ?? []);
    expect(hosts.length).toBeGreaterThan(10);
    for (const host of hosts) expect(host).toMatch(/^(?:\*\.)?(?:[a-z0-9-]+\.){1,}[a-z]+$/);
  });
});

describe('the traits of every vendor', () => {
  it.each(vendors.map((vendor) => [vendor.kind, vendor.traits] as const))('%s has sound numbers', (_kind, traits) => {
    expect(traits.upload.chunkBytes).toBeGreaterThan(0);
    expect(traits.upload.monolithicUpToBytes).toBeGreaterThan(0);
    expect(traits.concurrency.start).toBeGreaterThan(0);
    expect(traits.concurrency.max).toBeGreaterThanOrEqual(traits.concurrency.start);
    expect(traits.tags.pageSize).toBeLessThanOrEqual(1000);
    for (const rate of Object.values(traits.ratesPerSecond)) expect(rate).toBeGreaterThan(0);
  });

  it('never sends chunks where they are refused', () => {
    for (const kind of ['ghcr', 'artifact-registry', 'ecr', 'ecr-public']) {
      expect(vendorOf('registry.example.com', kind).traits.upload.strategy).toBe('monolithic');
    }
  });
});
