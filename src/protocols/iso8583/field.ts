/** The compiled codec of one data element: moves its value between a string and bytes. */

import { type BodyCodec, bodyCodec } from './body.ts';
import { type Fail, Iso8583Error } from './error.ts';
import { type PrefixCodec, prefixCodec } from './prefix.ts';
import type { FieldSpec } from './spec.ts';

/** A place in the bytes that are being read. */
export interface Cursor {
  readonly bytes: Buffer;
  offset: number;
}

/** Compiled form of one `FieldSpec`. All three throw `Iso8583Error` naming the field. */
export interface FieldCodec {
  readonly name: string;
  /** Bytes that `value` will take, prefix included. */
  readonly wireLength: (value: string) => number;
  /** Writes at `offset` and returns the offset behind. */
  readonly write: (value: string, out: Buffer, offset: number) => number;
  /** Reads at the cursor and moves it behind the field. */
  readonly read: (cursor: Cursor) => string;
}

/** Compiles one field. A spec that contradicts itself is a defect of the layout and throws a plain `Error`. */
export function fieldCodec(number: number, spec: FieldSpec): FieldCodec {
  const label = `field ${number} (${spec.name})`;
  const fail: Fail = (problem) => {
    throw new Iso8583Error(`${label}: ${problem}`, number);
  };
  const reject: Fail = (problem) => {
    throw new Error(`layout, ${label}: ${problem}`);
  };
  checkSpec(spec, reject);
  const body = bodyCodec(spec, { fail, reject });
  if (spec.prefix === undefined) return fixedField({ spec, body, fail });
  return variableField({
    spec,
    body,
    prefix: prefixCodec(spec.prefix, { maximum: countedLength(spec, body, spec.length), fail, reject }),
    fail,
  });
}

function checkSpec(spec: FieldSpec, reject: Fail): void {
  if (!Number.isSafeInteger(spec.length) || spec.length < 1) reject('the length must be a positive integer');
  if (spec.oddDigits !== undefined && spec.encoding !== 'bcd') reject('oddDigits belongs to BCD');
  if (spec.content === 'x+n' && spec.prefix !== undefined) reject('a signed amount has a fixed length');
  if (spec.content === 'x+n' && spec.length < 2) reject('a signed amount needs room for the sign and a digit');
  if (spec.padding === undefined) return;
  if (spec.prefix !== undefined) reject('padding belongs to a fixed length');
  if (spec.content === 'b' || spec.content === 'x+n') reject('padding belongs to text and digits');
  if (spec.encoding === 'bcd' && spec.padding.with !== '0') reject('packed digits can be padded with 0 only');
}

function unitsOf(spec: FieldSpec, value: string, fail: Fail): number {
  // The type says string, but values come from requests and tables: a number here would be packed as an empty field.
  if (typeof value !== 'string') return fail('expected a string');
  if (spec.content !== 'b') return value.length;
  if (value.length % 2 !== 0) return fail('expected whole bytes as lower-case hex, found an odd number of hex digits');
  return value.length / 2;
}

const unitName = (spec: FieldSpec): string => (spec.content === 'b' ? 'bytes' : spec.content === 'n' ? 'digits' : 'characters');

function fixedField({ spec, body, fail }: { spec: FieldSpec; body: BodyCodec; fail: Fail }): FieldCodec {
  const bytesOnWire = body.wireLength(spec.length);
  const { padding } = spec;
  const stripped = padding?.with === ' ' ? padding.side : undefined;
  const fit = (value: string): string => {
    const units = unitsOf(spec, value, fail);
    if (units === spec.length) return value;
    if (padding === undefined || units > spec.length)
      return fail(`expected ${spec.length} ${unitName(spec)} (${spec.content}), found ${units}`);
    return padding.side === 'left' ? value.padStart(spec.length, padding.with) : value.padEnd(spec.length, padding.with);
  };
  return {
    name: spec.name,
    wireLength: () => bytesOnWire,
    write: (value, out, offset) => {
      body.write(fit(value), out, offset);
      return offset + bytesOnWire;
    },
    read: (cursor) => {
      const end = cursor.offset + bytesOnWire;
      if (end > cursor.bytes.length) fail(`expected ${bytesOnWire} bytes, only ${cursor.bytes.length - cursor.offset} are left`);
      const value = body.read(cursor.bytes, cursor.offset, spec.length);
      cursor.offset = end;
      if (stripped === undefined) return value;
      return stripped === 'left' ? trimStartSpaces(value) : trimEndSpaces(value);
    },
  };
}

function trimStartSpaces(value: string): string {
  let start = 0;
  while (start < value.length && value.charCodeAt(start) === 0x20) start++;
  return value.slice(start);
}

function trimEndSpaces(value: string): string {
  let end = value.length;
  while (end > 0 && value.charCodeAt(end - 1) === 0x20) end--;
  return value.slice(0, end);
}

/** The number that stands in the prefix for a value of `units` units. */
function countedLength(spec: FieldSpec, body: BodyCodec, units: number): number {
  return spec.prefix?.counts === 'bytes' ? body.wireLength(units) : units;
}

function variableField({ spec, body, prefix, fail }: { spec: FieldSpec; body: BodyCodec; prefix: PrefixCodec; fail: Fail }): FieldCodec {
  const countsBytes = spec.prefix?.counts === 'bytes';
  const checkedUnits = (value: string): number => {
    const units = unitsOf(spec, value, fail);
    if (units > spec.length) fail(`expected at most ${spec.length} ${unitName(spec)} (${spec.content}), found ${units}`);
    return units;
  };
  return {
    name: spec.name,
    wireLength: (value) => prefix.bytes + body.wireLength(checkedUnits(value)),
    write: (value, out, offset) => {
      const units = checkedUnits(value);
      const bytesOnWire = body.wireLength(units);
      prefix.write(countsBytes ? bytesOnWire : units, out, offset);
      body.write(value, out, offset + prefix.bytes);
      return offset + prefix.bytes + bytesOnWire;
    },
    read: (cursor) => {
      const counted = prefix.read(cursor.bytes, cursor.offset);
      const start = cursor.offset + prefix.bytes;
      const bytesOnWire = countsBytes ? counted : body.wireLength(counted);
      // Nineteen digits fill ten bytes: counted in bytes, the spare nibble of the longest value must not read as a twentieth.
      const units = countsBytes ? Math.min(body.unitsIn(counted), spec.length) : counted;
      // The limit first: a length far beyond it tells more than "not enough bytes".
      if (countsBytes ? counted > body.wireLength(spec.length) : counted > spec.length) {
        fail(`expected at most ${spec.length} ${unitName(spec)} (${spec.content}), the length prefix says ${counted}`);
      }
      if (start + bytesOnWire > cursor.bytes.length) {
        fail(`the length prefix announces ${bytesOnWire} bytes, only ${cursor.bytes.length - start} are left`);
      }
      const value = body.read(cursor.bytes, start, units);
      cursor.offset = start + bytesOnWire;
      return value;
    },
  };
}
