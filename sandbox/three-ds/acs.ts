/** The issuers' ACS: answers AReqs, and keeps the challenges that it asked for. */

import { randomUUID } from 'node:crypto';
import { build } from '../../src/protocols/emv-3ds/build.ts';
import type { AReq, ARes } from '../../src/protocols/emv-3ds/message.ts';
import { parse } from '../../src/protocols/emv-3ds/parse.ts';
import type { Authenticated } from './authenticated.ts';
import { cardOf } from './cards.ts';
import { type Challenges, METHOD_ONE_TIME_CODE } from './challenges.ts';
import { decide, evidenceOf, priorTransactions } from './issuer-answer.ts';
import { erro, written } from './wire.ts';

/** Reference numbers would come from EMVCo's approval; these say that there is none. */
export const ACS_REFERENCE = 'POLYGATE_SANDBOX_ACS';
export const DS_REFERENCE = 'POLYGATE_SANDBOX_DS';

/** Where the shopper's browser goes with the CReq. */
export const CHALLENGE_PATH = '/acs/challenge';

/** What the directory server hands over with an AReq. */
export interface AcsRequest {
  readonly text: string;
  readonly dsTransID: string;
}

interface Acs {
  readonly challenges: Challenges;
  readonly authenticated: Authenticated;
  readonly baseUrl: string;
}

/** Answers the AReq of an enrolled card with an ARes, or with an Erro. */
export function answerAReq({ text, dsTransID }: AcsRequest, { challenges, authenticated, baseUrl }: Acs): string {
  const parsed = parse(text, { expected: ['AReq'], allowsPlainHttp: true });
  if (!parsed.ok) return erro(parsed.problem, 'A');
  const areq = parsed.message;
  const card = cardOf(areq);
  const ids = { threeDSServerTransID: areq.threeDSServerTransID, acsTransID: randomUUID(), dsTransID };
  const isKnown = priorTransactions(areq).some((id) => authenticated.has(id, areq.acctNumber));
  const decision = card === undefined ? ({ kind: 'ends', status: 'U', reason: '08' } as const) : decide(card, areq, isKnown);
  const common: ARes = {
    messageType: 'ARes',
    messageVersion: areq.messageVersion,
    ...ids,
    acsReferenceNumber: ACS_REFERENCE,
    dsReferenceNumber: DS_REFERENCE,
  };
  if (decision.kind === 'ends') {
    if (decision.status === 'Y') authenticated.add(ids.acsTransID, areq.acctNumber);
    const reason = decision.reason === undefined ? {} : { transStatusReason: decision.reason };
    return writeARes({ ...common, transStatus: decision.status, ...reason, ...evidenceOf(areq, decision.status) }, areq);
  }
  challenges.begin({ areq, ids, ending: card?.flow.kind === 'challenges' ? card.flow.ending : undefined });
  return writeARes(
    {
      ...common,
      transStatus: 'C',
      acsChallengeMandated: decision.isMandated ? 'Y' : 'N',
      ...(areq.messageVersion === '2.3.1' ? { authenticationMethod: [METHOD_ONE_TIME_CODE] } : { authenticationType: '02' }),
      acsURL: `${baseUrl}${CHALLENGE_PATH}`,
    },
    areq,
  );
}

const writeARes = (ares: ARes, areq: AReq): string => written(build(ares, { areq, allowsPlainHttp: true }));
