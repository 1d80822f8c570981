/** A directory server under the test's hands: one card, or some, take part, and every answer is what the test says, right or wrong. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Json } from './requestor.ts';

/** The next answer; one that never comes is a promise that stays open. */
export type Answer = (areq: Json) => Json | string | Promise<Json | string>;

export interface Directory {
  readonly url: string;
  /** AReqs and Erros that have come, oldest first. */
  readonly received: readonly Json[];
  /** How the next AReq is answered instead of with a challenge; text goes out as it is. */
  answerNext(answer: Answer): void;
  close(): Promise<void>;
}

/** Starts one on a free port. `pans`: the cards that take part. `tls`: its certificate and key (PEM), where it is to be encrypted. */
export async function startDirectory(
  pans: string | readonly string[],
  tls?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<Directory> {
  const received: Json[] = [];
  const answers: Answer[] = [];
  const answering: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
    const { messageType } = message;
    if (messageType !== 'PReq') received.push(message);
    const next = messageType === 'AReq' ? (answers.shift() ?? challenge) : undefined;
    const answer = messageType === 'PReq' ? listOf(message, [pans].flat()) : ((await next?.(message)) ?? '');
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };
  const server = tls === undefined ? createServer(answering) : createTlsServer(tls, answering);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/ds`,
    received,
    answerNext: (answer) => answers.push(answer),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function listOf({ threeDSServerTransID }: Json, pans: readonly string[]): Json {
  const versions = { acsStartProtocolVersion: '2.2.0', acsEndProtocolVersion: '2.2.0' };
  const ranges = pans.map((pan) => ({ startRange: pan, endRange: pan, actionInd: 'A', ...versions }));
  return {
    ...{ messageType: 'PRes', messageVersion: '2.2.0', threeDSServerTransID, dsTransID: randomUUID(), serialNum: '1' },
    ...{ dsStartProtocolVersion: '2.2.0', dsEndProtocolVersion: '2.3.1', cardRangeData: ranges },
  };
}

/** A right ARes that asks for a challenge. */
export function challenge({ threeDSServerTransID, messageVersion }: Json): Json {
  return {
    ...{ messageType: 'ARes', messageVersion, threeDSServerTransID, acsTransID: randomUUID(), dsTransID: randomUUID() },
    ...{ acsReferenceNumber: 'ACS', dsReferenceNumber: 'DS', transStatus: 'C', acsChallengeMandated: 'N', authenticationType: '02' },
    acsURL: 'http://127.0.0.1:9/acs',
  };
}

/** A right ARes that ends the matter. */
export function ending(areq: Json, transStatus: string, more: Json = {}): Json {
  const { acsURL, acsChallengeMandated, authenticationType, ...ares } = challenge(areq);
  return { ...ares, transStatus, ...more };
}
