// Before the integration and e2e tests: makes their components available and names those that are missing, at the start and in the end.
import type { TestProject } from 'vitest/node';
import { provision, provisionTable, thisMachine } from '../provision.ts';
import type { ComponentName } from './components.ts';

declare module 'vitest' {
  // an interface, because vitest's own is what it adds to
  // oxlint-disable-next-line typescript/consistent-type-definitions
  interface ProvidedContext {
    components: Partial<Record<ComponentName, string>>;
    missingComponents: Partial<Record<ComponentName, string>>;
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const provisioned = await provision(thisMachine());
  const missing = provisioned.filter((entry) => 'missing' in entry);
  if (missing.length > 0 && process.env['CI'] === 'true') {
    throw new Error(`with CI=true no component may be missing\n${provisionTable(missing)}`);
  }
  const found = provisioned.filter((entry) => 'path' in entry);
  project.provide('components', Object.fromEntries(found.map(({ component, path }) => [component.name, path])));
  project.provide(
    'missingComponents',
    Object.fromEntries(missing.map((entry) => [entry.component.name, entry.missing])),
  );
  return () => {
    if (missing.length > 0) process.stdout.write(`\n${project.name}: tests were skipped. ${provisionTable(missing)}`);
  };
}
