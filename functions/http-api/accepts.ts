// Whether an Accept header lets one of some media types through. https://www.rfc-editor.org/rfc/rfc9110#field.accept

/** True without a header; a range with the weight 0 is a refusal of what no more exact range takes. */
export function accepts(header: string | undefined, types: readonly string[]): boolean {
  if (header === undefined || header.trim() === '' || types.length === 0) return true;
  const ranges = header.split(',').map(readRange);
  return types.some((type) => {
    const [main = ''] = type.split('/');
    for (const exact of [type, `${main}/*`, '*/*']) {
      const range = ranges.find(({ name }) => name === exact);
      if (range !== undefined) return range.weight > 0;
    }
    return false;
  });
}

function readRange(text: string): { name: string; weight: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { name, weight: weight === undefined ? 1 : Number(weight) || 0 };
}
