// Texts that Kubernetes gives its forms: names of objects, labels, and patterns of Namespaces. A refusal carries its hint in a
// second line. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
import * as z from 'zod';

const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** The name of an object, as a Secret or a ServiceAccount has it. */
export function objectName(what: string): z.ZodString {
  return z.string().refine((text) => text.length <= 253 && NAME.test(text) && !text.includes('..'), {
    error: `it is not the name of a ${what}\nuse lower-case letters, digits, "-" and ".", a letter or digit first and last`,
  });
}

/** What may be the value of a label, too: the name of a rule, which marks what belongs to it. */
export const labelName = z.string().regex(LABEL, {
  error:
    'it can be no label, by which what belongs to it is marked\nuse at most 63 letters, digits, ".", "_" and "-", a letter or digit first and last',
});

/** A Namespace by its name, or several by a pattern. */
export const namespacePattern = z
  .string()
  .refine((text) => text.length <= 63 && /^[a-z0-9*](?:[a-z0-9*-]*[a-z0-9*])?$/.test(text), {
    error:
      'it is neither the name of a Namespace nor a pattern\nuse lower-case letters, digits and "-"; "*" stands for any of them, like team-*',
  })
  .meta({ examples: ['team-a', 'team-*'] });

const labelKey = z.string().refine(isLabelKey, {
  error: 'it is not the key of a label\nwrite it like app or acme.io/app',
});

const labelValue = z
  .string()
  .refine((text) => text === '' || LABEL.test(text), {
    error:
      'it is not the value of a label\nuse at most 63 letters, digits, ".", "_" and "-", a letter or digit first and last',
  })
  .meta({ examples: ['"true"', 'production'] });

const labels = z.record(labelKey, labelValue).describe('labels that it must have, with their values');

const requirement = z
  .strictObject({
    key: labelKey.describe('the key of the label'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('what must be with it'),
    values: z.array(labelValue).min(1).describe('for `In` and `NotIn`').exactOptional(),
  })
  .refine(({ operator, values }) => (values !== undefined) === operator.endsWith('In'), {
    error: 'In and NotIn need values, Exists and DoesNotExist have none\nadd values: [ … ], or leave them out',
  });

/**
 * Labels, or the two members that a selector has in Kubernetes. An empty one is refused: in Kubernetes it selects everything, which is
 * rarely meant. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function labelSelector(whole: string) {
  const error = `an empty selector selects everything\nname a label, or write ${whole} if everything is meant`;
  const members = z.strictObject({
    matchLabels: labels.exactOptional(),
    matchExpressions: z.array(requirement).min(1).describe('what else must hold of its labels').exactOptional(),
  });
  const isFilled = ({ matchLabels = {}, matchExpressions = [] }: z.output<typeof members>) =>
    Object.keys(matchLabels).length + matchExpressions.length > 0;
  return z.union([
    // aborting, it leaves the explanation of unknown keys to the other form, where they are labels
    members.refine(isFilled, { error, abort: true }),
    labels.refine((map) => Object.keys(map).length > 0, { error }),
  ]);
}

function isLabelKey(text: string): boolean {
  const [name = '', prefix, more] = text.split('/').toReversed();
  const isPrefix = prefix === undefined || (prefix.length <= 253 && NAME.test(prefix));
  return more === undefined && isPrefix && LABEL.test(name);
}

/** The address of an API server. */
export const serverAddress = z
  .string()
  .refine(isServerAddress, {
    error: 'it is not the address of an API server\nwrite it like https://10.0.0.1:6443, without a user or a query',
  })
  .meta({ examples: ['https://10.0.0.1:6443'] });

function isServerAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && `${url.username}${url.password}${url.search}${url.hash}` === '';
}
