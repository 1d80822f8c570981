/** Tells the gateway of disputes: sends the advices that wait, repeats them until they are answered, and takes the answers. */

import { type Iso8583Message, pack } from '../../src/protocols/iso8583/codec.ts';
import { Iso8583Error } from '../../src/protocols/iso8583/error.ts';
import { frame } from '../../src/protocols/iso8583/framing.ts';
import { DISPUTE_ELEMENTS, DISPUTE_STAGES, HOST_LINK, HOST_LINK_FRAMES } from '../../src/protocols/iso8583/layouts/host-link.ts';
import {
  amountDigits,
  localDate,
  localTime,
  originalData,
  parseFullDateTime,
  repeatOf,
  transmissionDateTime,
} from '../../src/protocols/iso8583/messages.ts';
import { packSubelements, unpackSubelements } from '../../src/protocols/iso8583/subelements.ts';
import type { Entry } from './books.ts';
import type { Connection } from './connection.ts';
import { type Advice, chargeKey, type Dispute, type DisputeFact, type Disputes } from './disputes.ts';
import type { Faults } from './faults.ts';

export interface DisputeLinkOptions {
  readonly disputes: Disputes;
  readonly faults: Faults;
  /** Makes a fact durable; resolves when it is. */
  readonly write: (fact: DisputeFact) => Promise<void>;
}

export interface DisputeLink {
  /** A gateway is ready to be told on this connection, or not any more. */
  signedOn(connection: Connection): void;
  signedOff(connection: Connection): void;
  /** Raises a chargeback of a charge. Resolves when it is durable; it is told to a gateway by itself. */
  raise(charge: Entry, order: { readonly amountMinor: number; readonly reason: string }): Promise<Dispute>;
  /** The issuer gives up: the money comes back. Undefined when it did already. */
  reverse(dispute: Dispute): Promise<Dispute | undefined>;
  /** Takes a 0432. */
  takeAnswer(message: Iso8583Message): void;
  close(): void;
}

/** A second is long for a gateway that works, and soon enough for one that comes back. */
const REPEAT_MS = 1_000;
const ADVICE = '0422';

export function createDisputeLink({ disputes, faults, write }: DisputeLinkOptions): DisputeLink {
  const connections: Connection[] = [];
  /** The next message of each is a repeat; what was waiting when the host started may have been sent before. */
  const sent = new Set<Advice>(disputes.unanswered().map(({ advice }) => advice));
  /** Not durable yet, so nobody may be told. */
  const writing = new Set<Advice>();
  let turn = 0;
  const timer = setInterval(() => sendAll(), REPEAT_MS);

  function sendAll(): void {
    for (const { dispute, advice } of disputes.unanswered()) send(dispute, advice);
  }

  function send(dispute: Dispute, advice: Advice): void {
    if (connections.length === 0 || writing.has(advice)) return;
    turn += 1;
    const connection = connections[turn % connections.length];
    const mti = sent.has(advice) ? repeatOf(ADVICE) : ADVICE;
    sent.add(advice);
    const fault = faults.takeOwn({ mti, accountId: dispute.charge.fact.account.id, only: ['no_answer', 'duplicate_answer'] });
    if (fault?.fault === 'no_answer') return;
    const framed = frame(HOST_LINK_FRAMES, pack(HOST_LINK, adviceMessage(mti, dispute, advice)));
    connection?.queue(framed);
    if (fault?.fault === 'duplicate_answer') connection?.queue(framed);
    connection?.flush();
  }

  async function durable(advice: Advice, fact: DisputeFact): Promise<void> {
    writing.add(advice);
    await write(fact);
    writing.delete(advice);
  }

  return {
    signedOn(connection) {
      if (connections.includes(connection)) return;
      connections.push(connection);
      setImmediate(sendAll);
    },
    signedOff(connection) {
      const index = connections.indexOf(connection);
      if (index >= 0) connections.splice(index, 1);
    },
    async raise(charge, { amountMinor, reason }) {
      const id = disputes.nextId();
      const trace = disputes.nextTrace(transmissionDateTime(Date.now()));
      const fact: DisputeFact = { event: 'raised', id, charge: chargeKey(charge), amountMinor, reason, trace };
      disputes.apply(fact);
      const dispute = disputes.find(id);
      if (dispute === undefined) throw new Error(`dispute ${id} was not taken`);
      await durable(dispute.chargeback, fact);
      send(dispute, dispute.chargeback);
      return dispute;
    },
    async reverse(dispute) {
      if (dispute.reversal !== undefined) return undefined;
      const fact: DisputeFact = { event: 'reversed', id: dispute.id, trace: disputes.nextTrace(transmissionDateTime(Date.now())) };
      disputes.apply(fact);
      const { reversal } = dispute;
      if (reversal === undefined) throw new Error(`the reversal of dispute ${dispute.id} was not taken`);
      await durable(reversal, fact);
      // Before its chargeback is answered, a reversal would be about nothing.
      if (dispute.chargeback.code !== undefined) send(dispute, reversal);
      return dispute;
    },
    takeAnswer({ fields }) {
      const { 7: transmittedAt = '', 11: stan = '', 39: code = '', 48: details = '' } = fields;
      const found = disputes.advice({ stan, transmittedAt });
      if (found === undefined || found.advice.code !== undefined) return;
      const { dispute, advice } = found;
      const accountId = dispute.charge.fact.account.id;
      // The answer is lost on its way here: to the gateway it looks as if the host had died before it could take it.
      if (faults.takeOwn({ mti: ADVICE, accountId, only: ['answer_lost'] }) !== undefined) return;
      const bookedAtMs = bookedAtIn(details);
      const fact: DisputeFact = {
        ...{ event: 'answered', id: dispute.id, stage: advice.stage, code },
        ...(bookedAtMs === undefined ? {} : { bookedAtMs }),
      };
      disputes.apply(fact);
      void write(fact).then(() => {
        if (advice.stage === 'chargeback' && dispute.reversal !== undefined) send(dispute, dispute.reversal);
      });
    },
    close: () => clearInterval(timer),
  };
}

function bookedAtIn(details: string): number | undefined {
  try {
    return parseFullDateTime(unpackSubelements(details)[DISPUTE_ELEMENTS.bookedAt] ?? '');
  } catch (error) {
    if (error instanceof Iso8583Error) return undefined;
    throw error;
  }
}

/** The fields that name the charge are its own; time and STAN are the advice's. */
function adviceMessage(mti: string, { id, charge, amountMinor, reason }: Dispute, { stage, trace }: Advice): Iso8583Message {
  const { fact } = charge;
  const now = Date.now();
  return {
    mti,
    fields: {
      3: '000000',
      4: amountDigits(amountMinor),
      7: trace.transmittedAt,
      11: trace.stan,
      12: localTime(now),
      13: localDate(now),
      37: fact.rrn,
      41: fact.terminal,
      48: packSubelements({
        [DISPUTE_ELEMENTS.caseNumber]: id,
        [DISPUTE_ELEMENTS.reason]: reason,
        [DISPUTE_ELEMENTS.stage]: stage === 'chargeback' ? DISPUTE_STAGES.chargeback : DISPUTE_STAGES.reversed,
      }),
      49: fact.currency,
      90: originalData({ mti: fact.mti, stan: fact.stan, transmittedAt: fact.transmittedAt, acquirer: '', forwarder: '' }),
    },
  };
}
