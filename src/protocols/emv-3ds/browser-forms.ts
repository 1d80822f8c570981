/** What travels through the shopper's browser in form fields: `creq`, `cres`, `threeDSMethodData` and `threeDSSessionData`. */

import { type BuildOptions, type Built, build } from './build.ts';
import { readJson } from './json.ts';
import type { CReq, CRes } from './message.ts';
import { METHOD_ANSWER, METHOD_REQUEST, SESSION_DATA } from './messages/challenge.ts';
import { type Parsed, type ParseOptions, parse } from './parse.ts';
import { type MessageProblem, problem } from './problem.ts';
import type { ObjectOf, Row } from './rule.ts';
import { checkObject, weightiest } from './validate.ts';

/** `threeDSMethodData` on its way to the ACS. */
export type MethodRequest = ObjectOf<typeof METHOD_REQUEST>;
/** `threeDSMethodData` on its way back. */
export type MethodAnswer = ObjectOf<typeof METHOD_ANSWER>;

/** The longest value of a form field that is looked at, in characters. A CReq with ten full extensions stays below it. */
const LONGEST_FIELD = 131_072;

/** Base64url without padding, as it is sent. */
export function toBase64Url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

/**
 * The bytes of a base64url value. Padding is accepted, line ends and spaces are passed over (Req 193); anything else outside the alphabet,
 * and a length that no bytes have, gives undefined. Plain base64 whose `+` a form turned into a space ends there too, or in no JSON.
 */
export function fromBase64Url(value: string): Buffer | undefined {
  if (value.length > LONGEST_FIELD) return undefined;
  const compact = value.replace(/[\r\n\t ]/g, '');
  const core = compact.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9_-]+$/.test(core) || core.length % 4 === 1) return undefined;
  return Buffer.from(core, 'base64url');
}

/** The form field `creq`. */
export function writeCReq(message: CReq): FormField {
  return formField(build(message));
}

/** Reads the form field `creq`. */
export function readCReq(value: unknown, options: ParseOptions = {}): Parsed<'CReq'> {
  return readField(value, (bytes) => parse(bytes, { ...options, expected: ['CReq'] }));
}

/** The form field `cres`. */
export function writeCRes(message: CRes): FormField {
  return formField(build(message));
}

/** Reads the form field `cres`. What it says has passed through a browser: use it to know that the shopper is back, never for the result. */
export function readCRes(value: unknown, options: ParseOptions = {}): Parsed<'CRes'> {
  return readField(value, (bytes) => parse(bytes, { ...options, expected: ['CRes'] }));
}

/** A form field's value, or what keeps the message from being sent. */
export type FormField = { readonly ok: true; readonly value: string } | Extract<Built, { ok: false }>;

function formField(built: Built): FormField {
  return built.ok ? { ok: true, value: toBase64Url(built.text) } : built;
}

/** A note of the 3DS Method, or the problem with it. */
export type NoteRead<N> = { readonly ok: true; readonly note: N } | { readonly ok: false; readonly problem: MessageProblem };

/** The form field `threeDSMethodData` that the browser posts to the Method URL. */
export function writeMethodRequest(note: MethodRequest, options: BuildOptions = {}): FormField {
  return writeNote(METHOD_REQUEST, note, options);
}

/** Reads `threeDSMethodData` at the ACS. */
export function readMethodRequest(value: unknown): NoteRead<MethodRequest> {
  return readNote(METHOD_REQUEST, value) as NoteRead<MethodRequest>;
}

/** The form field `threeDSMethodData` that the ACS sends back through the browser. */
export function writeMethodAnswer(note: MethodAnswer): FormField {
  return writeNote(METHOD_ANSWER, note, {});
}

/** Reads `threeDSMethodData` at the notification URL. */
export function readMethodAnswer(value: unknown): NoteRead<MethodAnswer> {
  return readNote(METHOD_ANSWER, value) as NoteRead<MethodAnswer>;
}

/** True for a value that may be sent as `threeDSSessionData`, or come back as it. */
export function isSessionData(value: unknown): value is string {
  return typeof value === 'string' && value.length <= SESSION_DATA.most && SESSION_DATA.pattern.test(value);
}

function writeNote(rows: readonly Row[], note: MethodRequest | MethodAnswer, { allowsPlainHttp = true }: BuildOptions): FormField {
  const { findings } = checkObject(rows, note, { version: '2.2.0', isOutgoing: true, allowsPlainHttp, areq: undefined });
  return findings.length === 0 ? { ok: true, value: toBase64Url(JSON.stringify(note)) } : { ok: false, findings };
}

function readNote(rows: readonly Row[], field: unknown): NoteRead<unknown> {
  const bytes = typeof field === 'string' ? fromBase64Url(field) : undefined;
  if (bytes === undefined) return { ok: false, problem: problem('203', NOT_BASE64URL) };
  const reading = readJson(bytes, LONGEST_FIELD);
  if (!reading.ok) return { ok: false, problem: problem('101', reading.problem) };
  if (reading.duplicates.length > 0) return { ok: false, problem: problem('204', 'threeDSMethodData', reading.value) };
  const options = { version: '2.2.0', isOutgoing: false, allowsPlainHttp: true, areq: undefined } as const;
  const { value, findings } = checkObject(rows, reading.value, options);
  const found = weightiest(findings);
  return found === undefined
    ? { ok: true, note: value }
    : { ok: false, problem: problem(found.errorCode, found.paths.join(','), reading.value) };
}

const NOT_BASE64URL = 'not base64url';

function readField<T extends 'CReq' | 'CRes'>(value: unknown, read: (bytes: Buffer) => Parsed<T>): Parsed<T> {
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  return bytes === undefined ? { ok: false, problem: problem('203', NOT_BASE64URL) } : read(bytes);
}
