/** A link's messages as data. No two hosts speak the same ISO 8583, so nothing of this is fixed in code. */

/** What a field may hold: digits, letters, both, printable text, track 2, a sign with digits, or bytes written as lower-case hex. */
export type Content = 'n' | 'a' | 'an' | 'ans' | 'z' | 'x+n' | 'b';

/** How characters become bytes. EBCDIC 037 and 1047 differ in `^ [ ]` only, as far as printable ASCII goes. */
export type TextEncoding = 'ascii' | 'ebcdic-037' | 'ebcdic-1047';

/** How a field's data stands on the wire. `hex-*` writes binary data as upper-case hex characters (either case is read). */
export type DataEncoding = TextEncoding | 'bcd' | 'binary' | 'hex-ascii' | 'hex-ebcdic';

/** Place and value of the spare nibble when an odd number of digits is packed. */
export type OddDigits = 'left-0' | 'left-F' | 'right-0' | 'right-F';

/**
 * A length prefix. `digits` counts decimal digits (2 = LL, 3 = LLL, 6 = LLLLLL); a binary one counts its bytes instead, big-endian.
 * `counts` says what the number means: `digits` = digits, characters or data bytes of the value before encoding, `bytes` = bytes on the wire.
 * The two differ for BCD (two digits a byte) and for hex (two bytes for one).
 */
export type LengthPrefix =
  | { readonly coding: 'ascii' | 'ebcdic' | 'bcd'; readonly digits: number; readonly counts: 'digits' | 'bytes' }
  | { readonly coding: 'binary'; readonly bytes: number; readonly counts: 'digits' | 'bytes' };

/** A data element of a layout. */
export interface FieldSpec {
  /** Short name for error texts, such as `amount`. */
  readonly name: string;
  readonly content: Content;
  /** Fixed length, or the maximum when there is a prefix: characters of the value, sign included; bytes for content `b`. */
  readonly length: number;
  /** Absent: the field has its fixed length always. */
  readonly prefix?: LengthPrefix;
  readonly encoding: DataEncoding;
  /** Where the spare nibble of an odd number of packed digits goes, and what it holds. BCD only; `left-0` when absent. */
  readonly oddDigits?: OddDigits;
  /**
   * Fills a value shorter than a fixed length. Spaces are taken off again when reading; zeros are not, they are digits of the value.
   * Absent: a value of another length is an error.
   */
  readonly padding?: { readonly side: 'left' | 'right'; readonly with: ' ' | '0' };
}

/** Everything that one link's messages are made of. */
export interface LayoutSpec {
  readonly name: string;
  /** How the four digits of the message type stand on the wire. */
  readonly mti: 'ascii' | 'ebcdic' | 'bcd';
  /** The bitmap as 8 raw bytes, or as 16 hex characters; the second one follows only when a field above 64 is there. */
  readonly bitmap: 'binary' | 'hex-ascii' | 'hex-ebcdic';
  /** By field number, 2 to 128 (a third bitmap is not supported: no known acquirer link uses one). */
  readonly fields: Readonly<Record<number, FieldSpec>>;
}
