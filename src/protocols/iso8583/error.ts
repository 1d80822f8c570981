/** The one error of this library: bytes or values that are no valid ISO 8583 under the given layout. */

/**
 * Thrown for whatever cannot be packed, unpacked or framed. The text names the place and what was expected there. It never repeats the value:
 * a malformed field 2 is still a card number, and errors end up in logs.
 */
export class Iso8583Error extends Error {
  override readonly name = 'Iso8583Error';
  /** The data element at fault; absent when the fault lies in the message type, the bitmap or the frame. */
  readonly field: number | undefined;

  constructor(problem: string, field?: number) {
    super(problem);
    this.field = field;
  }
}

/** Throws an error about one field; made once per field, so that nothing is built for texts that are never needed. */
export type Fail = (problem: string) => never;
