/** What is wrong with a message, in the protocol's own codes, and the Erro that says so. */

import { valueIn } from './conditions.ts';
import { UUID } from './formats.ts';
import { isObject, type JsonObject } from './json.ts';
import { type Erro, MESSAGE_TYPES, type MessageType } from './message.ts';
import { VERSIONS, type Version } from './rule.ts';

/** The error codes with their meaning. */
export const ERRORS = {
  '101': 'Message received invalid',
  '102': 'Message version number not supported',
  '103': 'Sent messages limit exceeded',
  '201': 'Required element missing',
  '202': 'Critical message extension not recognized',
  '203': 'Format of one or more elements is invalid according to the specification',
  '204': 'Duplicate element',
  '205': 'Card range overlap',
  '206': 'Card range action not possible',
  '207': 'Reserved value used',
  '301': 'Transaction ID not recognized',
  '302': 'Data decryption failure',
  '303': 'Access denied, invalid endpoint',
  '304': 'ISO code invalid',
  '305': 'Transaction data not valid',
  '306': 'Merchant category code not valid',
  '307': 'Serial number not valid',
  '402': 'Transaction timed out',
  '403': 'Transient system failure',
  '404': 'Permanent system failure',
  '405': 'System connection failure',
} as const;

/** One of `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS;

/** Who writes an Erro: 3DS Server, directory server or ACS. */
export type ErrorComponent = 'S' | 'D' | 'A';

/** The transaction IDs that a message shows. */
export interface TransactionIds {
  readonly threeDSServerTransID?: string;
  readonly acsTransID?: string;
  readonly dsTransID?: string;
}

/** Why a message cannot be used. Holds names of elements and no values, so that it may be logged and sent. */
export interface MessageProblem extends TransactionIds {
  readonly errorCode: ErrorCode;
  readonly errorDescription: string;
  /** The elements at fault, comma separated, or what is wrong with the message as a whole. */
  readonly errorDetail: string;
  readonly errorMessageType?: MessageType;
  /** The message's own version where it is one of ours. */
  readonly messageVersion: Version;
}

const ANSWER_VERSION: Version = '2.2.0';
const LONGEST_DETAIL = 2048;

/** A problem with a message of which `raw` is as much as could be read. */
export function problem(errorCode: ErrorCode, errorDetail: string, raw: unknown = undefined): MessageProblem {
  const object: JsonObject = isObject(raw) ? raw : {};
  const type = MESSAGE_TYPES.find((name) => name === valueIn(object, 'messageType'));
  const version = VERSIONS.find((name) => name === valueIn(object, 'messageVersion'));
  return {
    errorCode,
    errorDescription: ERRORS[errorCode],
    errorDetail: errorDetail.slice(0, LONGEST_DETAIL),
    ...(type === undefined ? {} : { errorMessageType: type }),
    messageVersion: version ?? ANSWER_VERSION,
    ...idsOf(object),
  };
}

/** The transaction IDs of a message, as far as they are there and look like any. */
export function idsOf(message: JsonObject): TransactionIds {
  const found = ID_NAMES.flatMap((name) => {
    const value = valueIn(message, name);
    return typeof value === 'string' && UUID.pattern.test(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** The names of the transaction IDs that messages of the browser channel mirror. */
export const ID_NAMES = ['threeDSServerTransID', 'acsTransID', 'dsTransID'] as const;

/** The Erro that tells the sender. Never send it in answer to an Erro: two sides that do would not stop. */
export function erroOf({ errorMessageType, ...problem }: MessageProblem, errorComponent: ErrorComponent): Erro {
  return { messageType: 'Erro', ...problem, errorComponent, ...(errorMessageType === undefined ? {} : { errorMessageType }) };
}
