// Attributes of items, as DynamoDB writes them, and back.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;

export function s(text: string): AttributeValue {
  return { S: text };
}

export function n(number: number): AttributeValue {
  return { N: String(number) };
}

/** The text of an attribute that this store wrote itself. */
export function text(item: Item, name: string): string {
  return item[name]?.S ?? '';
}

/** 0 where it is absent, as ADD takes it. */
export function number(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}

export function texts(item: Item | undefined, name: string): readonly string[] {
  return item?.[name]?.SS ?? [];
}

/**
 * What an item counts towards the limit of 400 KB.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeBytes(item: Item): number {
  let total = 0;
  for (const [name, value] of Object.entries(item)) {
    const texts = [name, value.S ?? '', value.N ?? '', ...(value.SS ?? [])];
    for (const one of texts) total += Buffer.byteLength(one);
    total += value.B?.byteLength ?? 0;
    if (value.BOOL !== undefined) total += 1;
  }
  return total;
}
