/** The schemes' directory server: tells which cards take part, hands AReqs to the ACS, and RReqs back to the 3DS Server that asked. */

import { createHash, randomUUID } from 'node:crypto';
import { build, CONTENT_TYPE } from '../../src/protocols/emv-3ds/build.ts';
import type { AReq, PReq, RReq } from '../../src/protocols/emv-3ds/message.ts';
import { parse } from '../../src/protocols/emv-3ds/parse.ts';
import { problem } from '../../src/protocols/emv-3ds/problem.ts';
import { OFFERED_VERSIONS } from '../../src/protocols/emv-3ds/rule.ts';
import { type AcsRequest, DS_REFERENCE } from './acs.ts';
import { cardOf, ENROLLED_CARDS, type EnrolledCard } from './cards.ts';
import { erro, written } from './wire.ts';

/** What happens to a message: it is answered, or its sender waits for ever. */
export type DirectoryAnswer = { readonly kind: 'message'; readonly text: string } | { readonly kind: 'silence' };

/** A directory server. */
export interface DirectoryServer {
  /** Answers a PReq or AReq. */
  answer(bytes: Buffer): Promise<DirectoryAnswer>;
  /** Takes an RReq of the ACS to the 3DS Server and resolves when it has the RRes, or has given up. */
  forward(rreq: RReq): Promise<void>;
}

/** Whom the directory server works with. */
export interface DirectoryParts {
  readonly baseUrl: () => string;
  /** Asks the ACS; undefined when it cannot be reached. */
  readonly askAcs: (request: AcsRequest, areq: AReq) => Promise<string | undefined>;
  readonly warn: (text: string) => void;
}

const SERVER_TIMEOUT_MS = 5_000;
const FORWARD_ATTEMPTS = 2;
const MOST_TRANSACTIONS = 20_000;

/** Path of the 3DS Method of a card's issuer. Its name is the place in the table, so that no card number stands in an address. */
export const METHOD_PATH = '/acs/method';

/** Starts with no transactions. */
export function createDirectoryServer(parts: DirectoryParts): DirectoryServer {
  const { askAcs, warn, baseUrl } = parts;
  /** Where the result of a challenge goes. A restart loses them together with the challenges. */
  const returnUrls = new Map<string, string>();
  return {
    async answer(bytes) {
      const parsed = parse(bytes, { expected: ['PReq', 'AReq'], versions: OFFERED_VERSIONS, allowsPlainHttp: true });
      if (!parsed.ok) return message(erro(parsed.problem, 'D'));
      const { message: request } = parsed;
      if (request.messageType === 'PReq') return message(answerPReq(request, baseUrl()));
      const card = cardOf(request);
      if (card === undefined) return message(notEnrolled(request));
      if (card.flow.kind === 'lost') return { kind: 'silence' };
      if (card.version !== request.messageVersion) return message(erro(problem('102', 'messageVersion', request), 'D'));
      const dsTransID = randomUUID();
      const answer = await askAcs({ text: bytes.toString('utf8'), dsTransID }, request);
      if (answer === undefined) return message(erro({ ...problem('405', 'ACS', request), dsTransID }, 'D'));
      const ares = parse(answer, { expected: ['ARes'], inReplyTo: request, allowsPlainHttp: true });
      if (ares.ok && ares.message.transStatus === 'C') {
        const [oldest] = returnUrls.keys();
        if (returnUrls.size >= MOST_TRANSACTIONS && oldest !== undefined) returnUrls.delete(oldest);
        returnUrls.set(dsTransID, request.threeDSServerURL);
      }
      return message(answer);
    },
    async forward(rreq) {
      const url = returnUrls.get(rreq.dsTransID);
      returnUrls.delete(rreq.dsTransID);
      if (url === undefined) return warn('the result of a challenge has nowhere to go');
      const failure = await deliver(url, rreq);
      if (failure !== undefined) warn(`the result of challenge ${rreq.acsTransID} was not taken: ${failure}`);
    },
  };
}

const message = (text: string): DirectoryAnswer => ({ kind: 'message', text });

/** Sends the RReq, once more when nothing came back; says what is wrong if it is not taken. */
async function deliver(url: string, { authenticationMethod, ...rreq }: RReq): Promise<string | undefined> {
  // The method is for the directory server alone, until 2.3.1.
  const isShared = rreq.messageVersion === '2.3.1' && authenticationMethod !== undefined;
  const sent: RReq = isShared ? { ...rreq, authenticationMethod } : rreq;
  const text = written(build(sent));
  let failure = '';
  for (let attempt = 1; attempt <= FORWARD_ATTEMPTS; attempt++) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': CONTENT_TYPE },
        body: text,
        redirect: 'error',
        signal: AbortSignal.timeout(SERVER_TIMEOUT_MS),
      });
      const parsed = parse(await response.text(), { expected: ['RRes', 'Erro'], inReplyTo: sent });
      if (!parsed.ok)
        return `the 3DS Server answered ${response.status} and no RRes (${parsed.problem.errorCode} ${parsed.problem.errorDetail})`;
      return parsed.message.messageType === 'Erro' ? `Erro ${parsed.message.errorCode} ${parsed.message.errorDetail}` : undefined;
    } catch (error) {
      failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }
  return failure;
}

/** An AReq about a card without a range: a directory server that has nobody to ask. */
function notEnrolled(areq: AReq): string {
  return written(
    build(
      {
        messageType: 'ARes',
        messageVersion: areq.messageVersion,
        threeDSServerTransID: areq.threeDSServerTransID,
        acsTransID: randomUUID(),
        dsTransID: randomUUID(),
        acsReferenceNumber: DS_REFERENCE,
        dsReferenceNumber: DS_REFERENCE,
        transStatus: 'U',
        transStatusReason: '13',
      },
      { areq },
    ),
  );
}

/** Changes whenever the table does. */
const SERIAL = createHash('sha256').update(JSON.stringify(ENROLLED_CARDS)).digest('hex').slice(0, 16);

function answerPReq(preq: PReq, baseUrl: string): string {
  if (preq.serialNum !== undefined && preq.serialNum !== SERIAL) return erro(problem('307', 'serialNum', preq), 'D');
  const ranges =
    preq.serialNum === SERIAL ? {} : { cardRangeData: ENROLLED_CARDS.map((card, index) => rangeOf(card, methodUrl(baseUrl, index))) };
  return written(
    build(
      {
        messageType: 'PRes',
        messageVersion: preq.messageVersion,
        threeDSServerTransID: preq.threeDSServerTransID,
        dsTransID: randomUUID(),
        dsStartProtocolVersion: OFFERED_VERSIONS[0],
        dsEndProtocolVersion: OFFERED_VERSIONS[1],
        serialNum: SERIAL,
        ...ranges,
      },
      { allowsPlainHttp: true },
    ),
  );
}

const methodUrl = (baseUrl: string, index: number): string => `${baseUrl}${METHOD_PATH}/${index}`;

/** Every card is a range of its own. */
function rangeOf({ pan, version, method }: EnrolledCard, threeDSMethodURL: string) {
  return {
    startRange: pan,
    endRange: pan,
    actionInd: 'A',
    acsStartProtocolVersion: version,
    acsEndProtocolVersion: version,
    acsInfoInd: ['01', '02'],
    ...(method === 'none' ? {} : { threeDSMethodURL }),
  };
}
