/** Reads just enough of an HTTP answer: its status, its length, and from the body the result code and ids, without parsing JSON. */

export interface Answer {
  readonly status: number;
  /** Result code; empty where the body has none. */
  readonly code: string;
  readonly bodyAt: number;
  readonly endAt: number;
}

const bodyMark = Buffer.from('\r\n\r\n');
const lengthMark = Buffer.from('content-length: ');
/** As a server writes it that is about to close. */
const otherLengthMark = Buffer.from('Content-Length: ');
const codeMark = Buffer.from('"code":"');
const codeLength = 11;
const idMark = Buffer.from('{"id":"');
const registrationMark = Buffer.from('"registrationId":"');
const idLength = 32;

/** The answer in the first `length` bytes, or undefined while it is not complete. Throws on what is no HTTP answer with a length. */
export function readAnswer(bytes: Buffer, length: number): Answer | undefined {
  const received = bytes.subarray(0, length);
  const headEnd = received.indexOf(bodyMark);
  if (headEnd < 0) return undefined;
  const foundAt = received.indexOf(lengthMark);
  const lengthAt = foundAt >= 0 ? foundAt : received.indexOf(otherLengthMark);
  if (lengthAt < 0 || lengthAt > headEnd) throw new Error(`an answer without Content-Length: ${received.toString('latin1', 0, headEnd)}`);
  const bodyAt = headEnd + bodyMark.length;
  const endAt = bodyAt + readNumber(received, lengthAt + lengthMark.length);
  if (endAt > length) return undefined;
  const codeAt = received.indexOf(codeMark, bodyAt);
  const code = codeAt < 0 ? '' : received.toString('latin1', codeAt + codeMark.length, codeAt + codeMark.length + codeLength);
  return { status: readNumber(received, 9), code, bodyAt, endAt };
}

/** The operation's id, which the answer to a request begins with; empty where there is none. */
export function readId(bytes: Buffer, { bodyAt }: Answer): string {
  const begins = bytes.compare(idMark, 0, idMark.length, bodyAt, bodyAt + idMark.length) === 0;
  return begins ? bytes.toString('latin1', bodyAt + idMark.length, bodyAt + idMark.length + idLength) : '';
}

/** The token of a stored card; empty where there is none. */
export function readRegistrationId(bytes: Buffer, { bodyAt, endAt }: Answer): string {
  const at = bytes.subarray(0, endAt).indexOf(registrationMark, bodyAt);
  return at < 0 ? '' : bytes.toString('latin1', at + registrationMark.length, at + registrationMark.length + idLength);
}

/** Success in the sandbox and in live mode: `000.000.…` and `000.100.…`. */
export function isSuccess(code: string): boolean {
  return code.startsWith('000.000.') || code.startsWith('000.100.1');
}

/** Neither success nor failure yet. */
export function isPending(code: string): boolean {
  return code.startsWith('000.200.');
}

function readNumber(bytes: Buffer, offset: number): number {
  let value = 0;
  for (let index = offset; ; index += 1) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
