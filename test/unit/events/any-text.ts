// Text of any UTF-16 units, lone surrogates too: half of it ASCII, where grammars live.
import fc from 'fast-check';

const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

export function anyText(maxLength = 20): fc.Arbitrary<string> {
  return fc.string({ unit, maxLength });
}
