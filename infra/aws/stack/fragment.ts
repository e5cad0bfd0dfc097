// The shape of what the parts of the stack give: a piece of a CloudFormation template, and the functions that templates are written with.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html

export type Resource = {
  Type: string;
  Properties?: Readonly<Record<string, unknown>>;
  Condition?: string;
  DependsOn?: readonly string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};

type Output = { Description: string; Value: unknown; Condition?: string };

export type Fragment = {
  Parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  Conditions?: Readonly<Record<string, unknown>>;
  Resources: Readonly<Record<string, Resource>>;
  Outputs?: Readonly<Record<string, Output>>;
};

/** Leaves out a property, or an entry of a list. */
const NO_VALUE = { Ref: 'AWS::NoValue' };

export function ref(id: string) {
  return { Ref: id };
}

export function arnOf(id: string) {
  return getAtt(id, 'Arn');
}

export function getAtt(id: string, attribute: string) {
  return { 'Fn::GetAtt': [id, attribute] as const };
}

/** `${AWS::Region}`, `${JobsTable.Arn}` and the like stand for their values. */
export function sub(text: string) {
  return { 'Fn::Sub': text };
}

export function when(condition: string, value: unknown, otherwise: unknown = NO_VALUE) {
  return { 'Fn::If': [condition, value, otherwise] as const };
}

/** Parts with different names as one. */
export function joined(parts: readonly Fragment[]): Required<Fragment> {
  return {
    Parameters: Object.assign({}, ...parts.map((part) => part.Parameters)),
    Conditions: Object.assign({}, ...parts.map((part) => part.Conditions)),
    Resources: Object.assign({}, ...parts.map((part) => part.Resources)),
    Outputs: Object.assign({}, ...parts.map((part) => part.Outputs)),
  };
}
