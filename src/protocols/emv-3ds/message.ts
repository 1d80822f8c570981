/** The nine messages: their tables by type, and the TypeScript types that follow from them. */

import { AREQ } from './messages/areq.ts';
import { ARES } from './messages/ares.ts';
import { CREQ, CRES } from './messages/challenge.ts';
import { ERRO } from './messages/error.ts';
import { PREQ, PRES } from './messages/preparation.ts';
import { RREQ, RRES } from './messages/results.ts';
import type { ObjectOf, Version } from './rule.ts';

/** All tables. `messageType` and `messageVersion` stand in every message and in no table. */
export const TABLES = {
  AReq: AREQ,
  ARes: ARES,
  CReq: CREQ,
  CRes: CRES,
  RReq: RREQ,
  RRes: RRES,
  PReq: PREQ,
  PRes: PRES,
  Erro: ERRO,
} as const;

/** Name of a message. */
export type MessageType = keyof typeof TABLES;

/** All names of messages. */
export const MESSAGE_TYPES = Object.keys(TABLES) as readonly MessageType[];

/** A message of one type; amounts in minor units, times in UTC, everything as the protocol writes it. */
export type MessageOf<T extends MessageType> = T extends MessageType
  ? { readonly messageType: T; readonly messageVersion: Version } & ObjectOf<(typeof TABLES)[T]>
  : never;

/** Any message. */
export type Message = MessageOf<MessageType>;

export type AReq = MessageOf<'AReq'>;
export type ARes = MessageOf<'ARes'>;
export type CReq = MessageOf<'CReq'>;
export type CRes = MessageOf<'CRes'>;
export type RReq = MessageOf<'RReq'>;
export type RRes = MessageOf<'RRes'>;
export type PReq = MessageOf<'PReq'>;
export type PRes = MessageOf<'PRes'>;
export type Erro = MessageOf<'Erro'>;
