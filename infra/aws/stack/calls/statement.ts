// Statements of policies: what may be called, on what. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html

export type Statement = {
  Sid: string;
  Effect: 'Allow';
  Action: readonly string[];
  /** ARNs as texts, or as CloudFormation makes them. */
  Resource: readonly unknown[];
  Condition?: Readonly<Record<string, unknown>>;
};

export function allow(Sid: string, Action: readonly string[], Resource: readonly unknown[]): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

/** One, or none where there is nothing that it would be about. */
export function allowIfAny(Sid: string, Action: readonly string[], Resource: readonly unknown[]): Statement[] {
  return Resource.length === 0 ? [] : [allow(Sid, Action, Resource)];
}
