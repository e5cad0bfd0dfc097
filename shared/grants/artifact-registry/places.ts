// Which repository of Artifact Registry a reference is in, and what a pattern means there: access is given to whole repositories only.
// https://cloud.google.com/artifact-registry/docs/docker/names https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories

export type ArtifactRepository = { project: string; location: string; repository: string };

export type PatternMeaning =
  | { kind: 'repository'; place: string }
  /** Every repository of a project at this host's location; `prefix` has no slash at its end. */
  | { kind: 'project'; prefix: string }
  | { kind: 'nothing'; message: string; hint: string };

const GCR_LOCATIONS: Readonly<Record<string, string>> = {
  'gcr.io': 'us',
  'us.gcr.io': 'us',
  'eu.gcr.io': 'europe',
  'asia.gcr.io': 'asia',
};

/** Undefined for hosts that belong to no location. */
export function locationOf(host: string): string | undefined {
  return GCR_LOCATIONS[host] ?? /^(?<location>[a-z0-9-]+)-docker\.pkg\.dev$/.exec(host)?.groups?.['location'];
}

/** `place` is the part of a reference between host and image: `acme/app`, of gcr.io `acme`. Undefined where it names no repository. */
export function repositoryAt(host: string, place: string): ArtifactRepository | undefined {
  const location = locationOf(host);
  const { project, rest } = splitProject(place.split('/'));
  const [repository, ...more] = isGcr(host) ? [host, ...rest] : rest;
  if (location === undefined || project === undefined || repository === undefined || more.length > 0) return undefined;
  return { project, location, repository };
}

/** The project as the API names it: that of `example.com/acme` is `example.com:acme`. */
export function projectAt(prefix: string): string {
  return splitProject(prefix.split('/')).project ?? prefix;
}

export function resourceName({ project, location, repository }: ArtifactRepository): string {
  return `projects/${project}/locations/${location}/repositories/${repository}`;
}

/** The place of a resource's name that the API listed under a prefix. */
export function placeOfResource(prefix: string, name: string): string {
  return `${prefix}/${name.slice(name.lastIndexOf('/') + 1)}`;
}

export function meaningOf(host: string, pattern: string): PatternMeaning {
  const components = pattern.split('/');
  const wildcard = components.at(-1)?.includes('*') === true ? components.pop() : undefined;
  const place = components.join('/');
  const { project, rest } = splitProject(components);
  if (locationOf(host) === undefined) return nothing(`${host} belongs to no location of Artifact Registry`, host);
  if (project === undefined) return nothing(`${pattern} names no project`, host);
  const restOfRepository = isGcr(host) ? 0 : 1;
  if (rest.length < restOfRepository) {
    return wildcard === undefined
      ? nothing(`${pattern} names no repository`, host)
      : { kind: 'project', prefix: place };
  }
  const whole = components.slice(0, components.length - rest.length + restOfRepository).join('/');
  // without a wildcard it can only be the repository: the images in it have one component more
  if (rest.length === restOfRepository && wildcard !== '*') return { kind: 'repository', place: whole };
  return nothing(
    `${pattern} is only a part of the repository ${whole}, and access is given to whole ones`,
    host,
    whole,
  );
}

function nothing(problem: string, host: string, whole?: string): PatternMeaning {
  const example = whole ?? (isGcr(host) ? 'PROJECT' : 'PROJECT/REPOSITORY');
  return { kind: 'nothing', message: problem, hint: `grant the whole repository: ${example}/**` };
}

function isGcr(host: string): boolean {
  return host in GCR_LOCATIONS;
}

/** The project of a domain has two components: https://cloud.google.com/artifact-registry/docs/docker/names#domain */
function splitProject([first, second, ...rest]: readonly string[]): { project: string | undefined; rest: string[] } {
  if (first === undefined || first === '') return { project: undefined, rest: [] };
  if (!first.includes('.')) return { project: first, rest: second === undefined ? [] : [second, ...rest] };
  return { project: second === undefined ? undefined : `${first}:${second}`, rest };
}
