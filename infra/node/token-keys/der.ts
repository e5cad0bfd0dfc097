// Writes the few forms of DER of which a certificate is made. https://www.itu.int/rec/T-REC-X.690

/** A value with its tag and length before it. */
function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.byteLength)]), content]);
}

export function sequence(...members: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, ...members);
}

export function set(...members: readonly Uint8Array[]): Uint8Array {
  return tagged(0x31, ...members);
}

/** A member that is known by its number and not by its type. */
export function explicit(number: number, content: Uint8Array): Uint8Array {
  return tagged(0xa0 + number, content);
}

/** @param bytes of a number that is not negative, the most significant first */
export function integer(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.from([0]) : bytes.subarray(start);
  // the first bit is the sign
  const isSigned = (digits[0] ?? 0) >= 0x80;
  return tagged(0x02, ...(isSigned ? [Buffer.from([0])] : []), digits);
}

export function boolean(value: boolean): Uint8Array {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

/** @param unusedBits at the end of the last byte */
export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return tagged(0x03, Buffer.from([unusedBits]), bytes);
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return tagged(0x04, bytes);
}

export function nothing(): Uint8Array {
  return tagged(0x05);
}

export function utf8Text(text: string): Uint8Array {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

/** @param dotted like `1.2.840.113549.1.1.11` */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Years before 2050 have two digits. https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5 */
export function time(at: Date): Uint8Array {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(digits, 'ascii'));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128);
  return digits;
}

function lengthBytes(length: number): number[] {
  if (length < 128) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [128 + digits.length, ...digits];
}
