// Whether somebody may pull from a project, by reading back what stands there: nobody can ask Harbor for somebody else.
import type { Verification } from '../backend.ts';
import { parseShownOnce } from '../shown-once-mark.ts';
import { allows } from './audit-project.ts';
import { memberLabel, type MemberContent, type RobotContent } from './entry-content.ts';
import type { HarborMember, HarborRobot } from './harbor-api.ts';

type Answer = Pick<Verification, 'method' | 'answer' | 'note'>;

export function verifyRobot(
  { robot: name }: RobotContent,
  at: { robots: readonly HarborRobot[]; project: string; clockAt: Date; isKept: boolean },
): Answer {
  const { robots, project, clockAt, isKept } = at;
  const robot = robots.find((one) => one.name === name);
  if (robot === undefined) return denied(`there is no robot account ${name}`);
  const { fullName, isDisabled, endsAt, permissions, description } = robot;
  if (isDisabled) return denied(`robot account ${fullName} is disabled`);
  if (endsAt !== undefined && endsAt <= clockAt) {
    return denied(`robot account ${fullName} ended at ${endsAt.toISOString()}: Harbor knows whole days only`);
  }
  const pulls = permissions.some((one) => one.namespace === project && allows(one, 'pull'));
  if (!pulls) return denied(`robot account ${fullName} may not pull from ${project}`);
  if (isKept) return { method: 'read-back', answer: 'allowed' };
  const place = parseShownOnce(description)?.secret;
  const where = place === undefined ? 'the Secret' : `Secret ${place.namespace}/${place.name} of ${place.cluster}`;
  return denied(`the password of ${fullName} is not in ${where}`);
}

/** Every role pulls. */
export function verifyMember({ kind, name }: MemberContent, members: readonly HarborMember[]): Answer {
  const member = members.find((one) => one.kind === kind && one.name === name);
  if (member === undefined) return denied('what its groups may is not looked at');
  return { method: 'read-back', answer: 'allowed', note: `by ${memberLabel(member)}` };
}

function denied(note: string): Answer {
  return { method: 'read-back', answer: 'denied', note };
}
