// What a grant is at Harbor: a robot account of the project that is made for it, or a member with the least of all roles. Harbor gives
// projects as a whole. https://github.com/goharbor/harbor/issues/9565
import type { Wanted, WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { Grantee, PullAction, PullPart } from '../grant.ts';
import { markedName } from '../shown-once-mark.ts';
import { memberContent, memberKey, robotKey, type RobotContent } from './entry-content.ts';

type Why = Pick<Shortfall, 'state' | 'message' | 'hint'>;
type Refuse = (place: string, why: Why) => void;
/** What is wanted of each project. */
type Projects = ReadonlyMap<string, ReadonlySet<PullAction>>;

export const harborWanted: WantedEntries = (request) => {
  const shortfalls: Shortfall[] = [];
  const { grant, site } = request;
  const refuse: Refuse = (place, why) => {
    shortfalls.push({ grant: grant.id, target: { backend: site.backend, host: site.host, place }, ...why });
  };
  const projects = new Map<string, Set<PullAction>>();
  for (const part of request.parts) {
    const project = projectOf(part, request, refuse);
    if (project === undefined) continue;
    projects.set(project, new Set([...(projects.get(project) ?? []), ...part.actions]));
  }
  const entries = request.grantees.flatMap((grantee) => entriesFor(grantee, projects, request, refuse));
  return { entries, shortfalls } satisfies Wanted;
};

function projectOf({ what }: PullPart, { site }: WantedRequest, refuse: Refuse): string | undefined {
  if (what.kind === 'namespace') {
    const hint = `grant everything of the project: ${what.name}/**`;
    refuse(what.name, { state: 'Unsupported', message: `${site.host} has no image Namespaces`, hint });
    return undefined;
  }
  const { pattern } = what;
  const [, project] = /^([^/*]+)\/\*\*?$/.exec(pattern) ?? [];
  if (project !== undefined) return project;
  const [first = ''] = pattern.split('/');
  refuse(pattern, {
    state: 'Unsupported',
    message: first.includes('*')
      ? `${site.host} gives access by project, not for all of them at once`
      : `${site.host} gives projects as a whole, and nothing narrower: not ${pattern} alone (goharbor/harbor#9565)`,
    hint: first.includes('*')
      ? 'write a grant for each project: base/**'
      : `grant ${first}/**, or give what is meant a project of its own`,
  });
  return undefined;
}

function entriesFor(grantee: Grantee, projects: Projects, request: WantedRequest, refuse: Refuse): WantedEntry[] {
  if (projects.size === 0) return [];
  if (grantee.kind === 'Robot') return robotEntry(grantee, projects, request, refuse);
  const isOfHarbor = (grantee.kind === 'User' || grantee.kind === 'Group') && grantee.cluster === undefined;
  const { grant, site } = request;
  return [...projects.keys()].flatMap((place): WantedEntry[] => {
    const target = { backend: site.backend, host: site.host, place };
    if (isOfHarbor) {
      const kind = grantee.kind === 'User' ? ('user' as const) : ('group' as const);
      const content = { kind, name: grantee.name, role: 'limitedGuest' as const };
      return [{ target, key: memberKey(content), content: memberContent(content), grants: [grant.id] }];
    }
    refuse(place, {
      state: 'Unsupported',
      message: `${site.host} knows robot accounts, users and groups of Harbor, and no ${grantee.kind}`,
      hint: 'name the grantee by robot (with a secret), by user, or by group',
    });
    return [];
  });
}

function robotEntry(
  { name, secret }: Extract<Grantee, { kind: 'Robot' }>,
  projects: Projects,
  { grant, site, instance }: WantedRequest,
  refuse: Refuse,
): WantedEntry[] {
  const [[place, actions] = ['', new Set<PullAction>()], ...others] = [...projects];
  if (secret === undefined) {
    refuse(place, {
      state: 'Unsupported',
      message: `there is nowhere to keep the password of robot ${name}: ${site.host} tells it only once`,
      hint: 'give the robot a secret: {cluster, namespace, name}; Harbor makes it for this grant',
    });
    return [];
  }
  if (others.length > 0) {
    refuse(place, {
      state: 'Unsupported',
      message: `robot ${name} is one of a single project, and its Secret holds one login for ${site.host}: not those of ${[...projects.keys()].join(', ')}`,
      hint: 'write a grant for each project, each with a Secret of its own',
    });
    return [];
  }
  const robot = markedName(instance, grant.id, name);
  const content = {
    kind: 'robot',
    robot,
    access: ['repository:pull', ...(actions.has('list') ? ['repository:list'] : [])].toSorted(),
    status: 'enabled',
    secret,
    isKept: true,
    ...(grant.expiresAt === undefined ? {} : { endsAt: grant.expiresAt.toISOString() }),
  } satisfies RobotContent;
  return [
    {
      target: { backend: site.backend, host: site.host, place },
      key: robotKey(robot),
      content,
      grants: [grant.id],
      ...(grant.expiresAt === undefined ? {} : { endsAt: grant.expiresAt }),
    },
  ];
}
