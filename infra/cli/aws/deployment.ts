// What the deployed stack says of its own deployment: by which version, and with which parameters.
import { isRecord } from '../../../shared/identity/json-call.ts';
import { askQuery } from './ask-aws.ts';
import type { AwsPlace } from './aws-place.ts';
import { textAt } from './read-xml.ts';

export type Deployment = {
  version: string;
  /** Each with its value, given or by default. */
  parameters: ReadonlyMap<string, string>;
  /** What they were by default, by the version that deployed. */
  defaults: ReadonlyMap<string, string>;
};

/** A template has at most 1 MiB; in XML each quote of it is six characters. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Undefined where it does not say that: it was made by something else.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
 * @throws TransshipError denied, and what AWS answers else
 */
export async function readDeployment(place: AwsPlace): Promise<Deployment | undefined> {
  const answer = await askQuery(place, 'cloudformation', 'GetTemplate', { StackName: place.stack }, MOST_BYTES);
  return deploymentOf(textAt(answer, ['GetTemplateResult', 'TemplateBody']) ?? '');
}

/** @param template its text, as CloudFormation has it */
export function deploymentOf(template: string): Deployment | undefined {
  const said = memberOf(memberOf(parsed(template), 'Metadata'), 'Transship');
  const version = memberOf(said, 'version');
  if (typeof version !== 'string') return undefined;
  return { version, parameters: textsOf(memberOf(said, 'parameters')), defaults: textsOf(memberOf(said, 'defaults')) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

/** Of serverless.yml they are numbers and truths, of a command line texts. */
function textsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(isRecord(value) ? Object.entries(value).map(([name, one]) => [name, String(one)]) : []);
}
