/** Compiles a link's layout into codecs, once. */

import { type FieldCodec, fieldCodec } from './field.ts';
import type { LayoutSpec } from './spec.ts';

/** A compiled layout for `pack` and `unpack`. */
export interface Layout {
  readonly name: string;
  readonly mti: LayoutSpec['mti'];
  readonly bitmap: LayoutSpec['bitmap'];
  /** Indexed by field number. */
  readonly codecs: readonly (FieldCodec | undefined)[];
}

export const HIGHEST_FIELD = 128;

/** Compiles a layout. Throws a plain `Error` when the description contradicts itself: that is a defect, not bad input. */
export function defineLayout(spec: LayoutSpec): Layout {
  const codecs: (FieldCodec | undefined)[] = new Array(HIGHEST_FIELD + 1).fill(undefined);
  for (const [key, field] of Object.entries(spec.fields)) {
    const number = Number(key);
    if (!Number.isSafeInteger(number) || number < 2 || number > HIGHEST_FIELD) {
      throw new Error(`layout ${spec.name}: field numbers run from 2 to ${HIGHEST_FIELD}, found ${key}`);
    }
    codecs[number] = fieldCodec(number, field);
  }
  return { name: spec.name, mti: spec.mti, bitmap: spec.bitmap, codecs };
}
