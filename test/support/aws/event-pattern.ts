// Whether an event matches the pattern of a rule of EventBridge.
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html; ranges of numbers and addresses are left out.

/** As EventBridge hands events to targets. */
export type BusEvent = { source: string; 'detail-type': string; account: string; detail: unknown } & Record<
  string,
  unknown
>;

/** @throws Error for an operator that the emulator does not know */
export function matchesPattern(
  pattern: Readonly<Record<string, unknown>>,
  event: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    if (key === '$or') return (wanted as Record<string, unknown>[]).some((one) => matchesPattern(one, event));
    const value = event[key];
    if (Array.isArray(wanted)) return wanted.some((one) => matchesOne(one, value));
    return isRecord(wanted) && matchesPattern(wanted, isRecord(value) ? value : {});
  });
}

/** An array in the event matches by any of its values. */
function matchesOne(wanted: unknown, value: unknown): boolean {
  if (isRecord(wanted) && 'exists' in wanted) return wanted['exists'] === (value !== undefined);
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.some((one) => (isRecord(wanted) ? matchesOperator(wanted, one) : one === wanted));
}

function matchesOperator(wanted: Readonly<Record<string, unknown>>, value: unknown): boolean {
  const [[operator, argument] = ['', undefined]] = Object.entries(wanted);
  if (operator === 'anything-but') {
    const refused: unknown[] = Array.isArray(argument) ? argument : [argument];
    return value !== undefined && !refused.some((one) => matchesOne(one, value));
  }
  const text = typeof value === 'string' ? value : undefined;
  if (text === undefined) return false;
  switch (operator) {
    case 'prefix':
      return text.startsWith(String(argument));
    case 'suffix':
      return text.endsWith(String(argument));
    case 'equals-ignore-case':
      return text.toLowerCase() === String(argument).toLowerCase();
    case 'wildcard':
      return new RegExp(
        `^${String(argument)
          .split('*')
          .map((part) => RegExp.escape(part))
          .join('.*')}$`,
        's',
      ).test(text);
    default:
      throw new Error(`the emulator does not know the operator ${operator}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
