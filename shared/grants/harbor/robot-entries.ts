// Which entries the robot accounts and members of a project are. Robot accounts of ours are known by their names; members have no room for a
// mark, and all of them are told.
import { isTransshipError } from '../../errors.ts';
import type { ObservedEntry } from '../entry.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { isMarkedName, parseShownOnce, type ShownOnceMark } from '../shown-once-mark.ts';
import { memberContent, memberKey, memberLabel, robotKey, type RobotContent } from './entry-content.ts';
import type { HarborMember, HarborRobot } from './harbor-api.ts';
import { robotDays } from './robot-days.ts';

export type RobotsSeen = {
  host: string;
  instance: string;
  project: string;
  robots: readonly HarborRobot[];
  /** What Harbor's clock shows. */
  clockAt: Date;
};

export async function robotEntries(seen: RobotsSeen, keepSecret: KeepSecret): Promise<ObservedEntry[]> {
  const ours = seen.robots.filter(({ name }) => isMarkedName(seen.instance, name));
  return Promise.all(
    ours.map(async (robot): Promise<ObservedEntry> => {
      const mark = parseShownOnce(robot.description);
      const content = await contentOf(robot, mark, seen, keepSecret);
      return {
        key: robotKey(robot.name),
        content,
        owner: 'ours',
        label: `robot account ${robot.fullName}`,
        ...(mark === undefined ? {} : { grant: mark.grant }),
      };
    }),
  );
}

export function memberEntries(members: readonly HarborMember[]): ObservedEntry[] {
  return members.map((member) => ({
    key: memberKey(member),
    content: memberContent(member),
    owner: 'unmarked',
    label: memberLabel(member),
  }));
}

/** Whether its password is where it says. What cannot be looked at now is not gone: a new password would end pulls that work. */
export async function isRobotKept(
  { fullName }: HarborRobot,
  mark: ShownOnceMark | undefined,
  host: string,
  keepSecret: KeepSecret,
): Promise<boolean> {
  if (mark?.isKept !== true) return false;
  try {
    return await keepSecret.has(mark.secret, { registry: host, username: fullName });
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    return true;
  }
}

async function contentOf(
  robot: HarborRobot,
  mark: ShownOnceMark | undefined,
  { host, project, clockAt }: RobotsSeen,
  keepSecret: KeepSecret,
) {
  const endsAt = endOf(robot, mark, clockAt);
  return {
    kind: 'robot',
    robot: robot.name,
    access: accessAt(robot, project),
    status: robot.isDisabled ? 'disabled' : 'enabled',
    secret: mark?.secret ?? null,
    isKept: await isRobotKept(robot, mark, host, keepSecret),
    ...(endsAt === undefined ? {} : { endsAt: endsAt.toISOString() }),
  } satisfies RobotContent;
}

/** The grant's where Harbor keeps to it in whole days, else Harbor's. */
function endOf(robot: HarborRobot, mark: ShownOnceMark | undefined, clockAt: Date): Date | undefined {
  const isMeant = robot.days === robotDays(robot.madeAt, mark?.endsAt, clockAt.getTime());
  return isMeant ? mark?.endsAt : robot.endsAt;
}

/** What it may at other projects stands there with the project's name. */
function accessAt({ permissions }: HarborRobot, project: string): string[] {
  const all = permissions.flatMap(({ namespace, access }) =>
    access.map(({ resource, action }) => `${namespace === project ? '' : `${namespace} `}${resource}:${action}`),
  );
  return [...new Set(all)].toSorted();
}
