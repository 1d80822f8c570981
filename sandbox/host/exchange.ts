/** One request's way through the host: read, tell apart from repeats, decide, book, write down, and answer once that is durable. */

import { createHash } from 'node:crypto';
import { type Iso8583Message, unpackPartial } from '../../src/protocols/iso8583/codec.ts';
import { HOST_LINK } from '../../src/protocols/iso8583/layouts/host-link.ts';
import { isRequest } from '../../src/protocols/iso8583/messages.ts';
import type { AccountOf } from './accounts.ts';
import { type AnswerData, answerFrame, garbageFrame, withWrongStan } from './answer.ts';
import { APPROVED, type Books, type Fact, type FactDetails, PARTLY_APPROVED } from './books.ts';
import { withChecks } from './card-checks.ts';
import type { Connection } from './connection.ts';
import { type Delivery, NORMAL } from './delivery.ts';
import type { DisputeLink } from './dispute-link.ts';
import { declineCode, deliveryOfFault, type FaultOrder, type Faults } from './faults.ts';
import { type Decision, decide, deliveryOf, disputeReasonOf, FORMAT_ERROR, ruleOf } from './issuer.ts';
import type { Journal } from './journal.ts';
import { toLine } from './journal-line.ts';
import { type FinancialRequest, isFinancial, isStartedByMerchant, readRequest } from './request.ts';
import { readBatch, type Settlement, totalsAnswer } from './settlement.ts';

/** An answer that waits for the journal. */
export interface PendingAnswer {
  readonly connection: Connection;
  readonly request: Iso8583Message;
  readonly framed: Buffer;
  readonly data: AnswerData;
  readonly delivery: Delivery;
}

/** What waits for the journal: an answer, or whoever wrote a line about a dispute. */
export type Ticket = PendingAnswer | { readonly durable: () => void };

/** What the exchange works with. */
export interface ExchangeParts {
  readonly books: Books;
  readonly journal: Journal<Ticket>;
  readonly faults: Faults;
  readonly accountOf: AccountOf;
  readonly warn: (text: string) => void;
  readonly disputes: DisputeLink;
  readonly settlement: Settlement;
}

const DUPLICATE_TRACE = '94';
const INVALID_TRANSACTION = '12';
const DISPUTE_ANSWER = '0432';
const SIGN_ON = '001';
const SIGN_OFF = '002';
const NETWORK_CODES = new Set(['001', '002', '301']);

const plainAnswer = (code: string): AnswerData => ({ code, approvalCode: '', schemeId: '', privateText: '' });

/** Makes the function that takes one body off a connection. */
export function createExchange(parts: ExchangeParts): (body: Buffer, connection: Connection) => void {
  const nextNumbers = numbering(parts.books);
  return (body, connection) => {
    const { mti, fields, error } = unpackPartial(HOST_LINK, body);
    if (mti === DISPUTE_ANSWER && error === undefined) return parts.disputes.takeAnswer({ mti, fields });
    const isAnswerable = mti !== undefined && isRequest(mti) && fields[7] !== undefined && fields[11] !== undefined;
    if (!isAnswerable) {
      parts.warn(`a connection is closed: ${error === undefined ? 'a message is no request with fields 7 and 11' : error.message}`);
      connection.close();
      return;
    }
    const request = { mti, fields };
    const send = (data: AnswerData): void => reply({ parts, connection, request, data, delivery: NORMAL });
    if (error !== undefined) {
      parts.warn(`answered ${FORMAT_ERROR}: ${error.message}`);
      send(plainAnswer(FORMAT_ERROR));
      return;
    }
    if (mti === '0800' || mti === '0801') {
      send(plainAnswer(NETWORK_CODES.has(fields[70] ?? '') ? APPROVED : INVALID_TRANSACTION));
      if (fields[70] === SIGN_ON) parts.disputes.signedOn(connection);
      if (fields[70] === SIGN_OFF) parts.disputes.signedOff(connection);
      return;
    }
    if (mti === '0500' || mti === '0501') return exchangeTotals(parts, connection, request);
    if (!isFinancial(mti)) return send(plainAnswer(INVALID_TRANSACTION));
    const financial = readRequest(request);
    if ('problem' in financial) {
      parts.warn(`answered ${FORMAT_ERROR}: ${financial.problem}`);
      send(plainAnswer(FORMAT_ERROR));
      return;
    }
    exchangeFinancial({ parts, connection, request, financial, nextNumbers });
  };
}

/** Closes the batch that a reconciliation is about, unless a first one has, and answers with this side's totals. */
function exchangeTotals(parts: ExchangeParts, connection: Connection, request: Iso8583Message): void {
  const { faults, settlement, warn } = parts;
  const fault = faults.takeOwn({ mti: '0500', accountId: '', only: ['no_answer', 'answer_lost', 'wrong_totals'] });
  if (fault?.fault === 'no_answer') return;
  const batch = readBatch(request);
  if ('problem' in batch) {
    warn(`answered ${FORMAT_ERROR}: ${batch.problem}`);
    reply({ parts, connection, request, data: plainAnswer(FORMAT_ERROR), delivery: NORMAL });
    return;
  }
  const { totals: own, line } = settlement.close(batch);
  const totals = fault?.fault === 'wrong_totals' ? { ...own, debits: { count: own.debits.count + 1, amount: own.debits.amount + 1 } } : own;
  const data: AnswerData = { ...plainAnswer(APPROVED), more: { fields: totalsAnswer(request, batch, totals) } };
  const delivery = fault === undefined ? NORMAL : deliveryOfFault(fault);
  reply({ parts, connection, request, data, delivery, ...(line === undefined ? {} : { line }) });
}

interface FinancialExchange {
  readonly parts: ExchangeParts;
  readonly connection: Connection;
  readonly request: Iso8583Message;
  readonly financial: FinancialRequest;
  readonly nextNumbers: () => Numbers;
}

function exchangeFinancial({ parts, connection, request, financial, nextNumbers }: FinancialExchange): void {
  const { books, faults, accountOf } = parts;
  const account = accountOf(financial.pan);
  const fault = faults.take({ mti: financial.mti, accountId: account.id });
  const rule = ruleOf(financial);
  if (fault?.fault === 'no_answer' || rule?.kind === 'request-lost') return;

  const known = books.answered(financial);
  if (known !== undefined) {
    const isSame = isSameRequest(known.fact, financial, account.id);
    if (!isSame) parts.warn(`answered ${DUPLICATE_TRACE}: a ${financial.mti} has the trace of an earlier message, but not its content`);
    const data = isSame ? (troubleOf(fault) ?? withChecks(financial, known.fact)) : plainAnswer(DUPLICATE_TRACE);
    reply({ parts, connection, request, data, delivery: fault === undefined ? NORMAL : deliveryOfFault(fault) });
    return;
  }

  const decision = decisionOn(financial, { fault, books, accountId: account.id });
  const delivery = fault === undefined ? deliveryOf(financial, rule) : deliveryOfFault(fault);
  if (!decision.isFinal) {
    parts.warn(`answered ${decision.code}: a ${financial.mti} does not fit the message that its field 90 names`);
    reply({ parts, connection, request, data: plainAnswer(decision.code), delivery });
    return;
  }
  const fact = factOf({
    financial,
    account,
    decision,
    details: detailsOf({ financial, accountId: account.id, decision, books }),
    numbers: numbersFor({ financial, decision, books, nextNumbers }),
  });
  parts.settlement.note(books.apply(fact));
  reply({ parts, connection, request, data: withChecks(financial, fact), delivery, line: toLine(fact) });
  const reason = disputeReasonOf(financial);
  const charge = books.answered(financial)?.entry;
  if (reason === undefined || charge === undefined) return;
  void parts.disputes.raise(charge, { amountMinor: charge.amountMinor, reason });
}

/** What was decided stays decided. But a host in trouble does not find it, and only says so: issuer away, duplicate, malfunction. */
function troubleOf(fault: FaultOrder | undefined): AnswerData | undefined {
  const code = fault?.fault === 'decline' ? declineCode(fault) : APPROVED;
  return code === '91' || code === DUPLICATE_TRACE || code === '96' ? plainAnswer(code) : undefined;
}

function decisionOn(
  financial: FinancialRequest,
  { fault, books, accountId }: { readonly fault: FaultOrder | undefined; readonly books: Books; readonly accountId: string },
): Decision {
  if (fault?.fault === 'decline') return declinedByFault(financial, fault);
  const decision = decide(financial, { books, accountId });
  const isPartial = fault?.fault === 'partial_approval' && decision.code === APPROVED && financial.amountMinor > 1;
  if (!isPartial || (financial.act !== 'authorization' && financial.act !== 'debit')) return decision;
  return { ...decision, code: PARTLY_APPROVED, approvedMinor: Math.floor(financial.amountMinor / 2) };
}

function declinedByFault({ act }: FinancialRequest, fault: FaultOrder): Decision {
  return { code: declineCode(fault), privateText: '', isFinal: act !== 'capture' && act !== 'reversal' };
}

/** A repeat has the content of the first; a trace that comes with another content is a mistake that must not get an old approval. */
function isSameRequest(fact: Fact, request: FinancialRequest, accountId: string): boolean {
  return (
    fact.amountMinor === request.amountMinor &&
    fact.currency === request.currency &&
    fact.account.id === accountId &&
    fact.original === request.original &&
    fact.remainingMinor === request.remainingMinor
  );
}

interface Numbers {
  readonly approvalCode: string;
  readonly schemeId: string;
}

const NO_NUMBERS: Numbers = { approvalCode: '', schemeId: '' };
const APPROVAL_CODES = 36 ** 6;

/** DE38 and DE62 for new approvals. Hundredths of a millisecond make 15 digits until the year 2286, and restarts never repeat one. */
function numbering(books: Books): () => Numbers {
  let last = books.highestSchemeId();
  return () => {
    last = Math.max(last + 1, Date.now() * 100);
    return { schemeId: String(last), approvalCode: (last % APPROVAL_CODES).toString(36).toUpperCase().padStart(6, '0') };
  };
}

interface NumbersContext extends Pick<FinancialExchange, 'financial' | 'nextNumbers'> {
  readonly decision: Decision;
  readonly books: Books;
}

/** Captures and reversals answer with the numbers of the payment they belong to. */
function numbersFor({ financial, decision, books, nextNumbers }: NumbersContext): Numbers {
  if (decision.code !== APPROVED && decision.code !== PARTLY_APPROVED) return NO_NUMBERS;
  if (financial.act !== 'capture' && financial.act !== 'reversal') return nextNumbers();
  const original = financial.original === undefined ? undefined : books.original(financial.original);
  return original?.fact ?? NO_NUMBERS;
}

interface FactParts {
  readonly financial: FinancialRequest;
  readonly account: Fact['account'];
  readonly decision: Decision;
  readonly numbers: Numbers;
  readonly details: FactDetails | undefined;
}

interface DetailsContext extends Pick<FinancialExchange, 'financial'> {
  readonly accountId: string;
  readonly decision: Decision;
  readonly books: Books;
}

/** Undefined for the many messages that have none. A later payment of the merchant is looked up: does its first one exist? */
function detailsOf({ financial, accountId, decision, books }: DetailsContext): FactDetails | undefined {
  const { act, merchant, initialReference, details } = financial;
  const initiation = details['22'];
  const reference = initialReference ?? '';
  const found = {
    ...(act === 'payout' || books.merchantOf(financial.terminal) !== merchant ? { merchant } : {}),
    ...(initiation === undefined ? {} : { initiation }),
    ...(reference === '' ? {} : { initialReference: reference }),
    ...(reference !== '' || isStartedByMerchant(financial) ? { isInitialKnown: books.wasGivenTo(reference, accountId) } : {}),
    ...(decision.approvedMinor === undefined ? {} : { approvedMinor: decision.approvedMinor }),
    ...authenticationOf(details),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

/** Of the value only the hash is kept: it is the shopper's. */
function authenticationOf(details: FinancialRequest['details']): Pick<FactDetails, 'authentication'> {
  const { 42: eci, 43: value, 66: transaction, 67: exemption } = details;
  if ([eci, value, transaction, exemption].every((element) => element === undefined)) return {};
  const hash = value === undefined ? '-' : createHash('sha256').update(value).digest('hex');
  return { authentication: [eci ?? '-', hash, transaction ?? '-', ...(exemption === undefined ? [] : [exemption])].join(' ') };
}

function factOf({ financial, account, decision, numbers, details }: FactParts): Fact {
  return {
    act: financial.act,
    mti: financial.mti,
    processingCode: financial.processingCode,
    terminal: financial.terminal,
    date: financial.date,
    stan: financial.stan,
    rrn: financial.rrn,
    transmittedAt: financial.transmittedAt,
    currency: financial.currency,
    amountMinor: financial.amountMinor,
    account,
    original: financial.original,
    remainingMinor: financial.remainingMinor,
    code: decision.code,
    approvalCode: numbers.approvalCode,
    schemeId: numbers.schemeId,
    privateText: decision.privateText,
    ...(details === undefined ? {} : { more: details }),
  };
}

interface Reply extends Omit<PendingAnswer, 'framed'> {
  readonly parts: ExchangeParts;
  readonly line?: string;
}

/** Also an answer without a line of its own waits: what it repeats may not be durable yet. */
function reply({ parts, line, connection, request, data, delivery }: Reply): void {
  parts.journal.append(line, { connection, request, framed: answerFrame(request, data), data, delivery });
}

/** Hands on what one commit has made durable: answers first. */
export function settle(tickets: readonly Ticket[], later: (act: () => void, delayMs: number) => void): void {
  sendAnswers(
    tickets.flatMap((ticket) => ('durable' in ticket ? [] : [ticket])),
    later,
  );
  for (const ticket of tickets) if ('durable' in ticket) ticket.durable();
}

/** Sends the answers of one commit; each connection gets its share in one write. `later` runs a function after so many ms. */
function sendAnswers(answers: readonly PendingAnswer[], later: (act: () => void, delayMs: number) => void): void {
  const touched = new Set<Connection>();
  for (const answer of answers) {
    deliver(answer, later);
    touched.add(answer.connection);
  }
  for (const connection of touched) connection.flush();
}

function deliver({ connection, request, framed, data, delivery }: PendingAnswer, later: (act: () => void, delayMs: number) => void): void {
  switch (delivery.how) {
    case 'normal':
      connection.queue(framed);
      return;
    case 'twice':
      connection.queue(framed);
      connection.queue(framed);
      return;
    case 'lost':
      return;
    case 'delayed':
      later(() => {
        connection.queue(framed);
        connection.flush();
      }, delivery.delayMs);
      return;
    case 'disconnect':
      connection.close();
      return;
    case 'half-frame':
      connection.queue(framed.subarray(0, framed.length >> 1));
      connection.close();
      return;
    case 'wrong-stan':
      connection.queue(answerFrame(withWrongStan(request), data));
      return;
    case 'garbage':
      connection.queue(garbageFrame());
  }
}
