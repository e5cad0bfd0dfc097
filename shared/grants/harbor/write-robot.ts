// Makes a robot account for a grant, changes it, and removes it. Its password is shown once: it is kept where its user finds it before
// anything else happens, and only then the account says so. Whoever is cut off between gives it a new one the next time.
//
//   made, "to be kept" ──▶ password kept ──▶ "kept in"
//
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import type { SecretPlace } from '../grant.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { formatShownOnce, placeTaken } from '../shown-once-mark.ts';
import { robotIn, robotKey, type RobotContent } from './entry-content.ts';
import type { HarborApi, HarborRobot, RobotForm } from './harbor-api.ts';
import { robotDays } from './robot-days.ts';

export type RobotWrite = {
  api: HarborApi;
  host: string;
  project: string;
  keepSecret: KeepSecret;
  /** Of the project, as they are now. */
  robots: readonly HarborRobot[];
  clockAt: Date;
  /** By which another robot account of ours has its password there. */
  holderOf: (place: SecretPlace, robot: string) => Promise<string | undefined>;
  signal: AbortSignal | undefined;
};

type Kept = { id: number; fullName: string; password: Secret };

/** @param found as it stands there now, and as the change has it before */
export async function writeRobot(
  write: RobotWrite,
  change: EntryChange,
  found: Json | undefined,
): Promise<EntryOutcome> {
  const { api, robots, signal } = write;
  const key = change.op === 'delete' ? change.key : change.wanted.key;
  const robot = robots.find(({ name }) => robotKey(name) === key);
  if (change.op === 'delete') {
    if (robot === undefined) return { key, state: 'unchanged' };
    await api.removeRobot(robot.id, signal);
    return { key, state: 'written' };
  }
  const wanted = robotIn(change.wanted.content);
  const [grant = ''] = change.wanted.grants;
  if (wanted === undefined || wanted.secret === null) {
    throw new TransshipError('internal', `${key} holds ${canonicalText(change.wanted.content)}`);
  }
  const before = found === undefined ? undefined : robotIn(found);
  const { secret } = wanted;
  const keepsPassword = before?.isKept === true && canonicalText(before.secret) === canonicalText(secret);
  const other = keepsPassword ? undefined : await write.holderOf(secret, wanted.robot);
  if (other !== undefined) return { key, state: 'blocked', problem: placeTaken(other, secret) };
  const form = formOf(write, { ...wanted, secret }, grant, robot);
  if (robot !== undefined && keepsPassword) {
    await api.changeRobot(robot.id, form(true), signal);
    return { key, state: 'written' };
  }
  const shown = await passwordOf(write, form(false), robot);
  try {
    const { fullName: username, password } = shown;
    await write.keepSecret.keep(secret, { registry: write.host, username, password });
  } catch (error) {
    // one Secret that cannot be written stops nobody else: what is not kept is seen as such by the next look
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    const { message, hint } = error;
    return { key, state: 'blocked', problem: { message, ...(hint === undefined ? {} : { hint }) } };
  }
  await api.changeRobot(shown.id, { ...form(true), name: shown.fullName }, signal);
  return { key, state: 'written' };
}

/** Of one that is there already, only after it says that nobody has it: whoever is cut off then knows. */
async function passwordOf({ api, signal }: RobotWrite, form: RobotForm, robot: HarborRobot | undefined): Promise<Kept> {
  if (robot === undefined) return api.makeRobot(form, signal);
  await api.changeRobot(robot.id, form, signal);
  return { id: robot.id, fullName: robot.fullName, password: await api.renewPassword(robot.id, signal) };
}

function formOf(
  { project, clockAt }: RobotWrite,
  { robot: name, access, endsAt: until, secret }: RobotContent & { secret: SecretPlace },
  grant: string,
  robot: HarborRobot | undefined,
): (isKept: boolean) => RobotForm {
  const endsAt = until === undefined ? undefined : new Date(until);
  const days = robotDays(robot?.madeAt ?? clockAt, endsAt, clockAt.getTime());
  return (isKept) => ({
    name: robot?.fullName ?? name,
    description: formatShownOnce({ grant, secret, isKept, ...(endsAt === undefined ? {} : { endsAt }) }),
    days,
    project,
    access: access.map((one) => {
      const [resource = '', action = ''] = one.split(':');
      return { resource, action };
    }),
  });
}
