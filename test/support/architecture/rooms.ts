// The rooms of the house and which way imports point between them.
import type { Import, SourceFile } from './source-file.ts';

const TOP = ['functions', 'shared', 'infra', 'test', 'docs', '.github', '.ci'];

const FOLDERS: Record<string, readonly string[]> = {
  shared: [
    'oci',
    'identity',
    'registries',
    'mirror',
    'credentials',
    'grants',
    'cluster',
    'events',
    'nodes',
    'diagnosis',
    'jobs',
    'config',
    'telemetry',
  ],
  infra: ['host', 'cli', 'node', 'aws', 'kubernetes', 'demo'],
  test: ['unit', 'contract', 'integration', 'e2e', 'bench', 'support', 'fixtures'],
};

const FILES_OUTSIDE_FOLDERS: Record<string, readonly string[]> = {
  shared: ['errors.ts'],
  infra: [],
  test: ['architecture.test.ts'],
};

const BASE = ['errors', 'telemetry'];
const REGISTRIES = [...BASE, 'oci', 'identity', 'registries'];

/** What each room of `shared` may import beside itself; of `config`, which checks by what the others read, everybody may use the types. */
const SHARED: Record<string, readonly string[]> = {
  errors: [],
  telemetry: ['errors'],
  config: [...BASE, 'oci', 'registries', 'mirror', 'cluster', 'credentials', 'grants'],
  oci: BASE,
  identity: [...BASE, 'oci'],
  registries: [...BASE, 'oci', 'identity'],
  mirror: REGISTRIES,
  credentials: [...REGISTRIES, 'cluster'],
  grants: [...REGISTRIES, 'cluster'],
  diagnosis: [...REGISTRIES, 'cluster', 'mirror', 'credentials', 'grants'],
  events: [...BASE, 'oci'],
  nodes: [...BASE, 'oci'],
  cluster: BASE,
  jobs: BASE,
};

const WHOLE_TREE: Record<string, readonly string[]> = {
  shared: ['shared'],
  functions: ['functions', 'shared'],
  infra: ['infra', 'functions', 'shared'],
  test: ['test', 'infra', 'functions', 'shared'],
};

/** Finds files that stand in no room. */
export function checkPlaces(paths: readonly string[]): string[] {
  return paths.filter((path) => !isPlaced(path)).map((path) => `${path}: stands in none of the rooms`);
}

function isPlaced(path: string): boolean {
  const [top = '', room = '', ...rest] = path.split('/');
  if (room === '') return !/\.[cm]?[jt]s$/.test(top) || top.endsWith('.config.ts');
  if (!TOP.includes(top)) return false;
  const folders = FOLDERS[top];
  if (folders === undefined) return true;
  return rest.length > 0 ? folders.includes(room) : (FILES_OUTSIDE_FOLDERS[top] ?? []).includes(room);
}

/** Finds imports between our own files that point the wrong way. */
export function checkDirections(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((entry) => isOwnFile(entry) && !mayImport(file.path, entry))
      .map((entry) => `${file.path}: must not import ${entry.target}`),
  );
}

function isOwnFile({ target }: Import): boolean {
  return /^(shared|functions|infra|test)\//.test(target);
}

function mayImport(from: string, { target, kind }: Import): boolean {
  const [fromTop = '', fromRoom = ''] = from.split('/').map(withoutExtension);
  const [top = '', room = ''] = target.split('/').map(withoutExtension);
  if (WHOLE_TREE[fromTop]?.includes(top) !== true) return WHOLE_TREE[fromTop] === undefined;
  if (top !== fromTop) return true;
  // what every host is put together from stands in a room of its own
  if (top === 'infra') return fromRoom === 'cli' || fromRoom === room || room === 'host';
  if (top !== 'shared' || fromRoom === room) return true;
  if (room === 'config' && kind === 'type') return true;
  return SHARED[fromRoom]?.includes(room) === true;
}

function withoutExtension(name: string): string {
  return name.replace(/\.ts$/, '');
}
