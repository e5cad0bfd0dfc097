// Finds or installs the real servers and clients that the tests use: environment variable, cache, PATH, package manager, build.
// `npm run provision` does it by hand; the integration and e2e tests do it before they start.
import path from 'node:path';
import { COMPONENTS, environmentVariable, type Component } from './provision/components.ts';
import {
  buildGoModule,
  installDebianPackages,
  installGoProgram,
  installPythonProgram,
  type Machine,
} from './provision/install.ts';
import { cacheFolder, locateAll, type Located } from './provision/locate.ts';
import { withLock } from './provision/lock.ts';

export type Provisioned = { component: Component } & (Located | { missing: string });

type Found = Map<Component, Located>;

/** Makes every given component available, as far as this machine can, and tells for each where it is or why it is missing. */
export async function provision(
  machine: Machine,
  components: readonly Component[] = COMPONENTS,
): Promise<Provisioned[]> {
  const { env } = machine;
  const found = locateAll(components, env);
  const absent = components.filter((component) => !found.has(component));
  if (absent.length === 0) return components.map((component) => tell(component, found, new Map()));
  return withLock(path.join(cacheFolder(env), 'lock'), async () => {
    // another process may have installed them while this one waited
    const foundMeanwhile = locateAll(absent, env);
    const failures = await install(
      absent.filter((component) => !foundMeanwhile.has(component)),
      machine,
    );
    const all = new Map([...found, ...locateAll(absent, env)]);
    return components.map((component) => tell(component, all, failures));
  });
}

/** Installs what is absent; resolves to what went wrong. */
async function install(absent: readonly Component[], machine: Machine): Promise<Map<Component, string>> {
  const failures = await installPackages(absent, machine);
  for (const component of absent) {
    const installing =
      'goPackage' in component
        ? installGoProgram(component, machine)
        : 'pythonPackage' in component
          ? installPythonProgram(component, machine)
          : 'goModule' in component
            ? buildGoModule(component, machine)
            : Promise.resolve();
    await installing.catch((error: unknown) => failures.set(component, messageOf(error)));
  }
  return failures;
}

async function installPackages(absent: readonly Component[], machine: Machine): Promise<Map<Component, string>> {
  const packaged = absent.filter((component) => 'debianPackage' in component);
  const names = new Set(packaged.map(({ debianPackage }) => debianPackage));
  if (names.size === 0) return new Map();
  try {
    await installDebianPackages([...names], machine);
    return new Map();
  } catch (error) {
    return new Map(packaged.map((component) => [component, messageOf(error)]));
  }
}

function tell(component: Component, found: Found, failures: ReadonlyMap<Component, string>): Provisioned {
  const located = found.get(component);
  if (located !== undefined) return { component, ...located };
  return { component, missing: failures.get(component) ?? `not the version that is needed (${component.version})` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One line a component: what it is, where it came from, or what it takes to have it. */
export function provisionTable(provisioned: readonly Provisioned[]): string {
  const lines = provisioned.map((entry) => {
    const { component } = entry;
    const name = `${component.name} ${component.version}`.padEnd(31);
    if (!('missing' in entry)) return `  ${name} ${entry.from.padEnd(11)} ${entry.path}`;
    return `  ${name} ${'MISSING'.padEnd(11)} ${entry.missing}; or set ${environmentVariable(component)}`;
  });
  return `Test components\n${lines.join('\n')}\n`;
}

/** This machine, saying what takes long on standard error. */
export function thisMachine(env: NodeJS.ProcessEnv = process.env): Machine {
  return { env, isRoot: process.getuid?.() === 0, say: (line) => void process.stderr.write(`${line} …\n`) };
}

if (import.meta.main) {
  const provisioned = await provision(thisMachine());
  process.stdout.write(provisionTable(provisioned));
  if (provisioned.some((entry) => 'missing' in entry)) process.exitCode = 1;
}
