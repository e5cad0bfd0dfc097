// The back end for Harbor: robot accounts that are made for one grant each, and members of projects. Targets are projects.
// https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml
import { isTransshipError, TransshipError } from '../../errors.ts';
import { sleep } from '../../oci/http/retry.ts';
import type { ApiPlace } from '../../registries/vendor-api.ts';
import type { EntryChange, EntryOutcome, GrantBackend, Verification } from '../backend.ts';
import { canonicalText, hash16, type Json } from '../canonical.ts';
import type { ObservedEntry, ObservedTarget } from '../entry.ts';
import type { SecretPlace } from '../grant.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { isMarkedName, parseShownOnce } from '../shown-once-mark.ts';
import type { Site, Target } from '../site.ts';
import type { VendorLogin } from '../vendor-login.ts';
import { auditMember, auditRobot, auditVisibility, VISIBILITY } from './audit-project.ts';
import { memberIn, memberKey, robotIn, type MemberContent } from './entry-content.ts';
import { openHarbor, type HarborMember, type HarborProject, type HarborRobot } from './harbor-api.ts';
import { isRobotKept, memberEntries, robotEntries } from './robot-entries.ts';
import { verifyMember, verifyRobot } from './verify.ts';
import { writeRobot, type RobotWrite } from './write-robot.ts';

export type HarborBackendOptions = {
  site: Site;
  instance: string;
  place: ApiPlace;
  login: VendorLogin;
  keepSecret: KeepSecret;
  /** Patterns that say which projects are looked at beside those that are asked for: those of all grants at this host. */
  patterns: readonly string[];
  now?: () => number;
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

type Standing = {
  project: HarborProject;
  robots: readonly HarborRobot[];
  members: readonly HarborMember[];
  clockAt: Date;
  entries: readonly ObservedEntry[];
};

const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 500;

export function harborBackend(options: HarborBackendOptions): GrantBackend {
  const { site, instance, place, login, keepSecret, patterns, now = Date.now, pause = sleep } = options;
  const { host } = site;
  const api = openHarbor(place, login);

  return {
    kind: 'harbor',

    // projects are named by the patterns themselves
    survey: async () => ({}),

    async observe(target, { signal } = {}): Promise<ObservedTarget> {
      const standing = await standingAt(target.place, signal);
      if (standing === undefined) return { target, state: 'missing', revision: 'missing', entries: [] };
      const { entries } = standing;
      const texts = entries.map(({ key, content }) => canonicalText({ key, content })).toSorted();
      return { target, state: 'there', revision: hash16(texts.join('\n')), entries };
    },

    async marked({ signal } = {}) {
      const found: Target[] = [];
      for (const project of projectsOf(patterns)) {
        const robots = await robotsIfSeen(project, signal);
        if (robots.some(({ name }) => isMarkedName(instance, name))) found.push(targetOf(project));
      }
      return found;
    },

    async write({ target }, changes, { signal } = {}) {
      const outcomes: EntryOutcome[] = [];
      // what the one before left is what the next one starts from
      for (const change of changes) outcomes.push(await write(target, change, signal));
      return { outcomes, alarms: [] };
    },

    async verify({ target, content }, expected, { signal } = {}) {
      for (let tried = 1; ; tried += 1) {
        const verification = await look(target, content, expected, signal);
        if (verification.answer === expected || tried >= VERIFY_TRIES) return verification;
        await pause(VERIFY_PAUSE_MS, signal);
      }
    },

    async *audit({ signal } = {}) {
      const ofSystem = await systemRobots(signal);
      for (const name of projectsOf(patterns)) {
        const standing = await standingAt(name, signal);
        if (standing === undefined) continue;
        const { project, members, robots, clockAt } = standing;
        const target = targetOf(name);
        if (project.isPublic) yield auditVisibility(target);
        yield* members.map((member) => auditMember(target, member));
        yield* [...robots, ...ofSystem].flatMap((robot) => auditRobot(target, robot, { instance, clockAt }));
      }
    },
  };

  function targetOf(project: string): Target {
    return { backend: site.backend, host, place: project };
  }

  async function standingAt(name: string, signal: AbortSignal | undefined): Promise<Standing | undefined> {
    const project = await api.project(name, signal);
    if (project === undefined) return undefined;
    const [{ robots, clockAt }, members] = await Promise.all([api.robots(project, signal), api.members(name, signal)]);
    const ours = await robotEntries({ host, instance, project: name, robots, clockAt }, keepSecret);
    return { project, robots, members, clockAt, entries: [...ours, ...memberEntries(members)] };
  }

  /** None of a project that is not there, or that the login may not see. */
  async function robotsIfSeen(name: string, signal: AbortSignal | undefined): Promise<readonly HarborRobot[]> {
    try {
      const project = await api.project(name, signal);
      return project === undefined ? [] : (await api.robots(project, signal)).robots;
    } catch (error) {
      if (isTransshipError(error, 'denied', 'not-found')) return [];
      throw error;
    }
  }

  /** Only admins of the system see them. */
  async function systemRobots(signal: AbortSignal | undefined): Promise<readonly HarborRobot[]> {
    try {
      return (await api.robots('system', signal)).robots;
    } catch (error) {
      if (isTransshipError(error, 'denied')) return [];
      throw error;
    }
  }

  async function write(target: Target, change: EntryChange, signal: AbortSignal | undefined): Promise<EntryOutcome> {
    const key = change.op === 'delete' ? change.key : change.wanted.key;
    const standing = await standingAt(target.place, signal);
    if (standing === undefined) throw outdated(target, key);
    const found = standing.entries.find((entry) => entry.key === key)?.content;
    if (change.op === 'delete' && found === undefined) return { key, state: 'unchanged' };
    if (!isSame(found, change.op === 'create' ? undefined : change.before)) throw outdated(target, key);
    if (change.op === 'adopt') return { key, state: 'unchanged' };
    const content = change.op === 'delete' ? change.before : change.wanted.content;
    if (robotIn(content) !== undefined) {
      const { robots, clockAt } = standing;
      const holderOf = (at: SecretPlace, robot: string) => holder(target.place, at, robot, signal);
      const common: RobotWrite = {
        api,
        host,
        project: target.place,
        keepSecret,
        robots,
        clockAt,
        holderOf,
        signal,
      };
      return writeRobot(common, change, found);
    }
    const member = memberIn(content);
    if (member === undefined) throw new TransshipError('internal', `${key} holds ${canonicalText(content)}`);
    const known = standing.members.find((one) => memberKey(one) === key);
    if (change.op !== 'delete') return addMember(target.place, member, signal);
    if (known !== undefined) await api.removeMember(target.place, known.id, signal);
    return { key, state: 'written' };
  }

  /** One whom Harbor does not know keeps nobody else from theirs. */
  async function addMember(project: string, member: MemberContent, signal: AbortSignal | undefined) {
    const key = memberKey(member);
    try {
      await api.addMember(project, member, signal);
      return { key, state: 'written' } satisfies EntryOutcome;
    } catch (error) {
      if (!isTransshipError(error, 'not-found', 'registry-error')) throw error;
      const { message, hint } = error;
      const problem = { message, ...(hint === undefined ? {} : { hint }) };
      return { key, state: 'blocked', problem } satisfies EntryOutcome;
    }
  }

  /** Another robot account of ours with its password in the same Secret, of any project that grants name. */
  async function holder(project: string, at: SecretPlace, robot: string, signal: AbortSignal | undefined) {
    for (const name of new Set([project, ...projectsOf(patterns)])) {
      for (const one of await robotsIfSeen(name, signal)) {
        const mark = isMarkedName(instance, one.name) ? parseShownOnce(one.description) : undefined;
        if (one.name === robot || mark === undefined || canonicalText(mark.secret) !== canonicalText(at)) continue;
        if (await isRobotKept(one, mark, host, keepSecret)) return one.fullName;
      }
    }
    return undefined;
  }

  async function look(
    target: Target,
    content: Json,
    expected: Verification['answer'],
    signal: AbortSignal | undefined,
  ): Promise<Verification> {
    const at = new Date(now());
    const [robot, member] = [robotIn(content), memberIn(content)];
    const standing = await standingAt(target.place, signal);
    if (standing === undefined) {
      return { method: 'read-back', answer: 'denied', at, note: `there is no project ${target.place}` };
    }
    const { project, robots, members, clockAt, entries } = standing;
    if (project.isPublic && expected === 'denied') {
      return { method: 'read-back', answer: 'allowed', at, note: `by the ${VISIBILITY}: it is public` };
    }
    if (robot !== undefined) {
      const kept = entries.map((entry) => robotIn(entry.content)).find((one) => one?.robot === robot.robot);
      const seen = { robots, project: target.place, clockAt, isKept: kept?.isKept === true };
      return { ...verifyRobot(robot, seen), at };
    }
    if (member === undefined) return { method: 'none', answer: 'unverifiable', at };
    return { ...verifyMember(member, members), at };
  }
}

function isSame(found: Json | undefined, before: Json | undefined): boolean {
  if (found === undefined || before === undefined) return found === before;
  return canonicalText(found) === canonicalText(before);
}

function outdated({ host, place }: Target, key: string): TransshipError {
  return new TransshipError('object-conflict', `${host}/${place}: ${key} is not as it was seen`, {
    hint: 'plan anew',
    retryable: true,
    details: { registry: host, operation: 'set permissions' },
  });
}

/** The first component; of those that mean every project, none. */
function projectsOf(patterns: readonly string[]): string[] {
  const first = patterns.map((pattern) => pattern.split('/')[0] ?? '');
  return [...new Set(first.filter((project) => project !== '' && !project.includes('*')))];
}
