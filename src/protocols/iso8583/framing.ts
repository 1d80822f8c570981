/** How messages are cut out of a TCP stream: the framing styles of acquirer links as data, a writer and a reader. */

import { Iso8583Error } from './error.ts';

/** One way of framing. On the wire: length, header, body, trailer. */
export interface FrameStyle {
  readonly name: string;
  /** The length in front: big-endian binary, decimal or hex characters, or packed digits. */
  readonly length: { readonly coding: 'binary' | 'ascii-decimal' | 'ascii-hex' | 'bcd'; readonly bytes: number };
  /** What the length counts besides the body (the trailer is always counted, as Base24 links do). */
  readonly lengthCounts?: { readonly itself?: boolean; readonly header?: boolean };
  /** Bytes between length and body. With `check`, others are refused when reading; without, any are taken (a TPDU's addresses differ by direction). */
  readonly header?: { readonly hex: string; readonly check: boolean };
  /** One byte behind the body. */
  readonly trailer?: number;
}

/** Two bytes big-endian: NAC and Postilion style links, and the usual default. */
export const TWO_BYTE_FRAMES: FrameStyle = { name: '2-byte length', length: { coding: 'binary', bytes: 2 } };

/** Two bytes big-endian that count themselves too. */
export const TWO_BYTE_INCLUSIVE_FRAMES: FrameStyle = {
  name: '2-byte length counting itself',
  length: { coding: 'binary', bytes: 2 },
  lengthCounts: { itself: true },
};

/** Four decimal characters, such as `0050`. */
export const ASCII_FRAMES: FrameStyle = { name: '4 decimal digits', length: { coding: 'ascii-decimal', bytes: 4 } };

/** Four hex characters. */
export const HEX_FRAMES: FrameStyle = { name: '4 hex characters', length: { coding: 'ascii-hex', bytes: 4 } };

/** Two bytes of packed decimal digits. */
export const BCD_FRAMES: FrameStyle = { name: '2-byte packed length', length: { coding: 'bcd', bytes: 2 } };

/** Two bytes of length and two zero bytes, which the length does not count (Visa access points; they send it empty as a heartbeat). */
export const TWO_BYTE_ZERO_FRAMES: FrameStyle = {
  name: '2-byte length and 2 zero bytes',
  length: { coding: 'binary', bytes: 2 },
  header: { hex: '0000', check: true },
};

/** Two bytes of length and a closing 0x03, which the length counts (Base24 over TCP). */
export const TWO_BYTE_TRAILER_FRAMES: FrameStyle = {
  name: '2-byte length and trailer 03',
  length: { coding: 'binary', bytes: 2 },
  trailer: 0x03,
};

/** Three bytes big-endian. */
export const THREE_BYTE_FRAMES: FrameStyle = { name: '3-byte length', length: { coding: 'binary', bytes: 3 } };

/** Two bytes of length, which counts the TPDU that follows: `60`, destination and source of two bytes each, as 10 hex digits. */
export function tpduFrames(tpdu: string): FrameStyle {
  if (!/^[0-9a-fA-F]{10}$/.test(tpdu)) throw new Error('a TPDU has 5 bytes: expected 10 hex digits');
  return {
    name: '2-byte length and TPDU',
    length: { coding: 'binary', bytes: 2 },
    lengthCounts: { header: true },
    header: { hex: tpdu, check: false },
  };
}

/** Default cap of one body: acquirer messages stay well below it, and nothing larger is ever buffered. */
export const MAX_FRAME_BYTES = 8192;

/**
 * Bytes that are no frame of this style. The stream cannot be trusted from here on: close the connection, never look for the next frame in it.
 * `completed` holds the bodies that the same chunk had delivered before the fault.
 */
export class FrameError extends Iso8583Error {
  readonly completed: readonly Buffer[];

  constructor(problem: string, completed: readonly Buffer[]) {
    super(problem);
    this.completed = completed;
    // Bodies hold card numbers; a logger that prints an error's own properties must not meet them.
    Object.defineProperty(this, 'completed', { enumerable: false });
  }
}

interface Overhead {
  readonly header: Buffer;
  readonly trailerBytes: number;
  /** What to add to a body's length to get the number on the wire. */
  readonly counted: number;
}

function overheadOf(style: FrameStyle): Overhead {
  const header = Buffer.from(style.header?.hex ?? '', 'hex');
  const trailerBytes = style.trailer === undefined ? 0 : 1;
  const counted = (style.lengthCounts?.itself ? style.length.bytes : 0) + (style.lengthCounts?.header ? header.length : 0) + trailerBytes;
  return { header, trailerBytes, counted };
}

function largestLength({ length }: FrameStyle): number {
  switch (length.coding) {
    case 'binary':
      return 256 ** length.bytes - 1;
    case 'ascii-decimal':
      return 10 ** length.bytes - 1;
    case 'ascii-hex':
      return 16 ** length.bytes - 1;
    case 'bcd':
      return 100 ** length.bytes - 1;
  }
}

function writeLength({ length }: FrameStyle, count: number, out: Buffer): void {
  switch (length.coding) {
    case 'binary':
      out.writeUIntBE(count, 0, length.bytes);
      return;
    case 'ascii-decimal':
      out.write(String(count).padStart(length.bytes, '0'), 0, 'latin1');
      return;
    case 'ascii-hex':
      out.write(count.toString(16).toUpperCase().padStart(length.bytes, '0'), 0, 'latin1');
      return;
    case 'bcd':
      out.write(String(count).padStart(length.bytes * 2, '0'), 0, 'hex');
  }
}

/** The number in the length bytes, or -1 when they are none. */
function readLength({ length }: FrameStyle, bytes: Buffer): number {
  switch (length.coding) {
    case 'binary':
      return bytes.readUIntBE(0, length.bytes);
    case 'ascii-decimal':
    case 'ascii-hex': {
      const text = bytes.toString('latin1', 0, length.bytes);
      const isNumber = length.coding === 'ascii-decimal' ? /^[0-9]+$/.test(text) : /^[0-9A-Fa-f]+$/.test(text);
      return isNumber ? Number.parseInt(text, length.coding === 'ascii-decimal' ? 10 : 16) : -1;
    }
    case 'bcd': {
      const text = bytes.toString('hex', 0, length.bytes);
      return /^[0-9]+$/.test(text) ? Number(text) : -1;
    }
  }
}

/** The body as one frame. An empty body makes a keep-alive. Throws `Iso8583Error` when the length cannot be said in this style. */
export function frame(style: FrameStyle, body: Buffer): Buffer {
  const { header, trailerBytes, counted } = overheadOf(style);
  const count = body.length === 0 ? 0 : body.length + counted;
  if (count > largestLength(style)) throw new Iso8583Error(`a body of ${body.length} bytes is too long for frames with a ${style.name}`);
  const uncountedHeader = style.lengthCounts?.header !== true;
  const framed = Buffer.allocUnsafe(
    style.length.bytes + (body.length > 0 || uncountedHeader ? header.length : 0) + (body.length > 0 ? body.length + trailerBytes : 0),
  );
  writeLength(style, count, framed);
  if (framed.length > style.length.bytes) header.copy(framed, style.length.bytes);
  if (body.length === 0) return framed;
  body.copy(framed, style.length.bytes + header.length);
  if (style.trailer !== undefined) framed[framed.length - 1] = style.trailer;
  return framed;
}

/** Cuts a stream into bodies. */
export interface FrameReader {
  /**
   * Takes the next piece of the stream and gives the bodies that are complete now; keep-alives are skipped. A body may share memory with the
   * chunk. Throws `FrameError` once; after that everything is ignored, since the caller closes the connection.
   */
  push(chunk: Buffer): Buffer[];
}

/** A reader for one connection. `maxBytes` caps a body before any of it is buffered. */
export function createFrameReader(style: FrameStyle, { maxBytes = MAX_FRAME_BYTES }: { maxBytes?: number } = {}): FrameReader {
  const overhead = overheadOf(style);
  const lengthBytes = style.length.bytes;
  let parts: Buffer[] = [];
  let held = 0;
  // Bytes that must be there before the next step makes sense: first the length, then the whole frame.
  let needed = lengthBytes;
  let broken = false;

  const wholeFrame = (start: Buffer): number => {
    const count = readLength(style, start);
    if (count < 0) throw new Iso8583Error(`expected a frame with a ${style.name}, the length is no number`);
    if (count === 0) return lengthBytes + (style.lengthCounts?.header === true ? 0 : overhead.header.length);
    const bodyBytes = count - overhead.counted;
    if (bodyBytes < 0)
      throw new Iso8583Error(`a frame says that it has ${count} bytes, which its own overhead of ${overhead.counted} exceeds`);
    if (bodyBytes > maxBytes) throw new Iso8583Error(`a frame announces a body of ${bodyBytes} bytes, at most ${maxBytes} are taken`);
    return lengthBytes + overhead.header.length + bodyBytes + overhead.trailerBytes;
  };

  const bodyOf = (whole: Buffer): Buffer => {
    const bodyStart = lengthBytes + overhead.header.length;
    const isEmpty = readLength(style, whole) === 0;
    if (style.header?.check && !whole.subarray(lengthBytes, bodyStart).equals(overhead.header)) {
      throw new Iso8583Error(`expected the header ${style.header.hex} behind the length`);
    }
    if (isEmpty) return whole.subarray(whole.length);
    if (style.trailer !== undefined && whole[whole.length - 1] !== style.trailer)
      throw new Iso8583Error('expected the trailer byte at the end of the frame');
    return whole.subarray(bodyStart, whole.length - overhead.trailerBytes);
  };

  const cut = (stream: Buffer, bodies: Buffer[]): Buffer => {
    let rest = stream;
    while (rest.length >= lengthBytes) {
      needed = wholeFrame(rest);
      if (rest.length < needed) return rest;
      const body = bodyOf(rest.subarray(0, needed));
      if (body.length > 0) bodies.push(body);
      rest = rest.subarray(needed);
      needed = lengthBytes;
    }
    return rest;
  };

  return {
    push(chunk) {
      const bodies: Buffer[] = [];
      if (broken || chunk.length === 0) return bodies;
      parts.push(chunk);
      held += chunk.length;
      // Pieces are joined only when a step is possible, so that a sender of single bytes costs no quadratic copying.
      if (held < needed) return bodies;
      try {
        const rest = cut(parts.length === 1 ? chunk : Buffer.concat(parts, held), bodies);
        parts = rest.length === 0 ? [] : [rest];
        held = rest.length;
      } catch (error) {
        broken = true;
        parts = [];
        if (error instanceof Iso8583Error) throw new FrameError(error.message, bodies);
        throw error;
      }
      return bodies;
    },
  };
}
