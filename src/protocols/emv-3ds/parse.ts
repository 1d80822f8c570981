/** Reads a message: bytes in, a message of a known type and shape out, or the problem with it. Never throws, whatever the bytes are. */

import { AREQ_AT_HAND, all, asked, type Facts, holds, not, valueIn, where } from './conditions.ts';
import { isObject, type JsonObject, LONGEST_MESSAGE_BYTES, readJson } from './json.ts';
import { type AReq, MESSAGE_TYPES, type Message, type MessageOf, type MessageType, TABLES } from './message.ts';
import { ID_NAMES, type MessageProblem, problem } from './problem.ts';
import { type Condition, VERSIONS, type Version } from './rule.ts';
import { checkObject, weightiest } from './validate.ts';

/** What a message must be, and what it is held against. */
export interface ParseOptions<T extends MessageType = MessageType> {
  /** Types that are welcome here; any other is error 101. All when absent. */
  readonly expected?: readonly T[];
  /** Versions that are welcome here; any other is error 102. All that the library knows when absent. */
  readonly versions?: readonly Version[];
  /** The message that this one answers, or the last one of the same transaction: version and IDs must be mirrored (errors 203, 301). */
  readonly inReplyTo?: Message;
  /** The AReq with which the transaction began: some elements and outcomes depend on what it asked. */
  readonly areq?: AReq;
  /** Identifiers of critical message extensions that the caller understands; any other critical one is error 202. */
  readonly knownExtensions?: readonly string[];
  /** Lets `http:` URLs pass where 2.3.1 wants https: for a sandbox on one machine. */
  readonly allowsPlainHttp?: boolean;
  readonly limitBytes?: number;
}

/** A message, or the problem with what came. */
export type Parsed<T extends MessageType = MessageType> =
  | { readonly ok: true; readonly message: MessageOf<T> }
  | { readonly ok: false; readonly problem: MessageProblem };

/** Reads one message. Elements that its version does not know are dropped. */
export function parse<T extends MessageType = MessageType>(bytes: Uint8Array | string, options: ParseOptions<T> = {}): Parsed<T> {
  const reading = readJson(bytes, options.limitBytes ?? LONGEST_MESSAGE_BYTES);
  if (!reading.ok) return { ok: false, problem: problem('101', reading.problem) };
  return parseObject(reading.value, reading.duplicates, options);
}

function parseObject<T extends MessageType>(raw: JsonObject, duplicates: readonly string[], options: ParseOptions<T>): Parsed<T> {
  const refuse = (errorCode: MessageProblem['errorCode'], names: readonly string[]): Parsed<T> => ({
    ok: false,
    problem: problem(errorCode, names.map(speakable).join(','), raw),
  });
  const type = MESSAGE_TYPES.find((name) => name === valueIn(raw, 'messageType'));
  if (type === undefined || !isExpected(type, options.expected)) return refuse('101', ['messageType']);
  const version = versionOf(raw, type, options.versions ?? VERSIONS);
  if (typeof version === 'object') return refuse(version.errorCode, ['messageVersion']);
  if (duplicates.length > 0) return refuse('204', duplicates);

  const { messageType: _type, messageVersion: _version, ...elements } = raw;
  const areq = options.areq ?? (options.inReplyTo?.messageType === 'AReq' ? options.inReplyTo : undefined);
  const { value, findings } = checkObject(TABLES[type], elements, {
    version,
    isOutgoing: false,
    allowsPlainHttp: options.allowsPlainHttp ?? false,
    areq,
  });
  const found = weightiest(findings);
  if (found?.errorCode === '201') return refuse('201', found.paths);
  if (hasUnknownCriticalExtension(raw, options.knownExtensions ?? [])) return refuse('202', ['messageExtension']);
  if (found !== undefined) return refuse(found.errorCode, found.paths);

  const message = { messageType: type, messageVersion: version, ...value };
  const broken = mirrorProblem(message, options.inReplyTo) ?? crossProblem(type, { here: message, areq });
  if (broken !== undefined) return refuse(broken.errorCode, broken.names);
  // The checks above establish what the type says; the compiler cannot follow a table.
  return { ok: true, message: message as unknown as MessageOf<T> };
}

const isExpected = <T extends MessageType>(type: MessageType, expected: readonly T[] | undefined): type is T =>
  expected === undefined || expected.some((name) => name === type);

const VERSION_SHAPE = /^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}$/;

function versionOf(
  raw: JsonObject,
  type: MessageType,
  accepted: readonly Version[],
): Version | { readonly errorCode: '201' | '102' | '203' } {
  const given = valueIn(raw, 'messageVersion');
  if (given === undefined) return { errorCode: '201' };
  if (typeof given !== 'string' || !VERSION_SHAPE.test(given)) return { errorCode: '203' };
  const version = VERSIONS.find((name) => name === given);
  // An Erro may be about the version itself; refusing it for that would hide what it says.
  if (type === 'Erro') return version ?? '2.2.0';
  return version !== undefined && accepted.includes(version) ? version : { errorCode: '102' };
}

/** Names of elements come from the sender where they are unknown: only what looks like a name is repeated, never a number. */
function speakable(name: string): string {
  return /^[A-Za-z][A-Za-z0-9.]{0,127}$/.test(name) && !/[0-9]{6}/.test(name) ? name : 'an unknown element';
}

function hasUnknownCriticalExtension(raw: JsonObject, known: readonly string[]): boolean {
  const extensions = valueIn(raw, 'messageExtension');
  if (!Array.isArray(extensions)) return false;
  return extensions.some((extension: unknown) => {
    if (!isObject(extension) || valueIn(extension, 'criticalityIndicator') !== true) return false;
    const id = valueIn(extension, 'id');
    return typeof id !== 'string' || !known.includes(id);
  });
}

interface Broken {
  readonly errorCode: '203' | '301' | '305';
  readonly names: readonly string[];
}

function mirrorProblem(message: JsonObject, inReplyTo: Message | undefined): Broken | undefined {
  if (inReplyTo === undefined || message.messageType === 'Erro') return undefined;
  const before: JsonObject = inReplyTo;
  const foreign = ID_NAMES.filter((name) => {
    const [earlier, now] = [valueIn(before, name), valueIn(message, name)];
    return earlier !== undefined && now !== undefined && !isSameUuid(earlier, now);
  });
  if (foreign.length > 0) return { errorCode: '301', names: foreign };
  return before.messageVersion === message.messageVersion ? undefined : { errorCode: '203', names: ['messageVersion'] };
}

/** Who reads a UUID may keep it in either case (RFC 9562, 4). */
function isSameUuid(one: unknown, other: unknown): boolean {
  return String(one).toLowerCase() === String(other).toLowerCase();
}

interface CrossRule {
  readonly type: MessageType;
  readonly brokenWhen: Condition;
  readonly names: readonly string[];
}

const ANSWERED = (status: string): Condition => all(where('transStatus', status), AREQ_AT_HAND);

/** What an issuer may answer depends on what it was asked (error 305). */
const CROSS_RULES: readonly CrossRule[] = [
  // Without a shopper there is nobody to challenge, and a mere sharing of data wants no challenge.
  { type: 'ARes', brokenWhen: all(ANSWERED('C'), asked('deviceChannel', '03')), names: ['transStatus'] },
  { type: 'ARes', brokenWhen: all(ANSWERED('C'), asked('threeDSRequestorChallengeInd', '06')), names: ['transStatus'] },
  { type: 'ARes', brokenWhen: all(ANSWERED('D'), not(asked('threeDSRequestorDecReqInd', 'Y', 'F', 'B'))), names: ['transStatus'] },
  // 82 is Visa's delegated authentication.
  {
    type: 'ARes',
    brokenWhen: all(ANSWERED('I'), not(asked('threeDSRequestorChallengeInd', '05', '06', '07', '82'))),
    names: ['transStatus'],
  },
];

function crossProblem(type: MessageType, facts: Facts): Broken | undefined {
  const broken = CROSS_RULES.find((rule) => rule.type === type && holds(rule.brokenWhen, facts));
  return broken === undefined ? undefined : { errorCode: '305', names: broken.names };
}
