// The test projects. Three files at a time, on machines with two cores: there is always one that waits for something.
import { defineConfig } from 'vitest/config';

const serverTests = {
  globalSetup: './test/support/provision/global-setup.ts',
  maxWorkers: 3,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** They take milliseconds, the architecture seconds; the limit is for machines with ten times the work that they have cores for. */
const quickTests = { maxWorkers: 3, testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['shared/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 85 },
    },
    projects: [
      { test: { name: 'architecture', include: ['test/architecture.test.ts'], ...quickTests } },
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...quickTests } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...quickTests } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...serverTests } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...serverTests } },
    ],
  },
});
