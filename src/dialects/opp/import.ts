/**
 * Lines of an import, in the words of the protocol: ids and types as they were, amounts as decimals. docs/import.md describes every field.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { isDay } from '../../core/day.ts';
import { brandOf, type CardSummary, type Pan, parsePan } from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { parseDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { ImportedCard, ImportedOperation, ImportedPayment, ImportedToken } from '../../core/payment/imported.ts';
import type { SentKind } from '../../core/payment/operation.ts';
import type { DialectImport, ImportProblem } from '../dialect.ts';
import { fromWireId } from './ids.ts';

const strict = { additionalProperties: false };
const form = (pattern: string) => Type.String({ pattern });
const id = form('^[a-f0-9]{32}$');
const text = (maximum: number) => form(`^[^\\u0000]{1,${maximum}}$`);
const amount = form('^[0-9]{1,12}(\\.[0-9]{2})?$');
const time = form('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$');

const card = Type.Object(
  {
    number: form('^[0-9]{12,19}$'),
    holder: Type.Optional(text(128)),
    expiryMonth: form('^(0[1-9]|1[0-2])$'),
    expiryYear: form('^20[0-9]{2}$'),
  },
  strict,
);

const acquirer = Type.Object(
  {
    rrn: form('^[A-Za-z0-9]{12}$'),
    stan: form('^[0-9]{6}$'),
    terminal: form('^[A-Za-z0-9]{1,8}$'),
    transmittedAt: time,
    approvalCode: Type.Optional(form('^[A-Za-z0-9]{6}$')),
    networkReference: Type.Optional(form('^[A-Za-z0-9]{1,36}$')),
    mti: Type.Optional(form('^0[1-4][0-2]0$')),
  },
  strict,
);

const common = {
  id,
  amount,
  timestamp: time,
  merchantTransactionId: Type.Optional(text(255)),
  merchantInvoiceId: Type.Optional(text(255)),
  merchantMemo: Type.Optional(text(255)),
  descriptor: Type.Optional(text(127)),
  acquirer,
};

const later = Type.Object({ ...common, paymentType: form('^(CP|RF|RV)$'), referencedId: id }, strict);

const tokenLine = Type.Object({ id, entityId: id, card }, strict);
const paymentLine = Type.Object(
  {
    ...common,
    entityId: id,
    paymentType: form('^(PA|DB)$'),
    currency: form('^[A-Z]{3}$'),
    card: Type.Optional(card),
    registrationId: Type.Optional(id),
    operations: Type.Optional(Type.Array(later, { maxItems: 200 })),
  },
  strict,
);

const kinds: Readonly<Record<string, SentKind>> = {
  PA: 'preauthorization',
  DB: 'debit',
  CP: 'capture',
  RF: 'refund',
  RV: 'reversal',
};

const isToken = checkerOf(tokenLine);
const isPayment = checkerOf(paymentLine);

export const importer: DialectImport = { readToken, readPayment };

function readToken(line: unknown): ImportedToken | ImportProblem {
  const checked = isToken(line);
  if ('problem' in checked) return checked;
  const read = readCard(checked.value.card);
  if ('problem' in read) return read;
  return { wireId: checked.value.entityId, token: checked.value.id, ...read };
}

function readPayment(line: unknown): ImportedPayment | ImportProblem {
  const checked = isPayment(line);
  if ('problem' in checked) return checked;
  const { entityId: wireId, currency: code, operations: more = [], ...first } = checked.value;
  const currency = currencyOf(code);
  if (currency === undefined) return { problem: `currency: ISO 4217 does not know ${code}` };
  // ISO 8583 acquirers want it in the capture of an authorization (DE38).
  if (first.paymentType === 'PA' && first.acquirer.approvalCode === undefined) return { problem: 'acquirer.approvalCode: missing in a PA' };
  const paid = cardOf(first);
  if ('problem' in paid) return paid;
  const operations: ImportedOperation[] = [];
  for (const [index, operation] of [first, ...more].entries()) {
    const where = index === 0 ? '' : `operations.${index - 1}.`;
    const minor = parseDecimalAmount(operation.amount, currency);
    if (minor === undefined || minor === 0) return { problem: `${where}amount: not an amount of ${code} above zero` };
    const [createdAtMs, transmittedAtMs] = [timeOf(operation.timestamp), timeOf(operation.acquirer.transmittedAt)];
    if (Number.isNaN(createdAtMs)) return { problem: `${where}timestamp: there is no such time` };
    if (Number.isNaN(transmittedAtMs)) return { problem: `${where}acquirer.transmittedAt: there is no such time` };
    operations.push(readOperation(operation, { amount: minor, createdAtMs, transmittedAtMs }));
  }
  return { wireId, currency: code, card: paid, operations };
}

/** Not a number on a day that does not exist. */
function timeOf(text: string): number {
  return isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
}

function cardOf({
  card: given,
  registrationId,
}: Pick<Static<typeof paymentLine>, 'card' | 'registrationId'>): ImportedCard | ImportProblem {
  if ((given === undefined) === (registrationId === undefined)) {
    return { problem: 'card, registrationId: expected one of the two, to send with refunds and captures' };
  }
  if (registrationId !== undefined) return { type: 'token', token: registrationId };
  const read = readCard(given as Static<typeof card>);
  return 'problem' in read ? read : { type: 'card', ...read };
}

function readCard({ number, holder, expiryMonth, expiryYear }: Static<typeof card>): { pan: Pan; summary: CardSummary } | ImportProblem {
  const pan = parsePan(number);
  if (pan === undefined) return { problem: 'card.number: its check digit is wrong' };
  const expiry = { month: Number(expiryMonth), year: Number(expiryYear) };
  const named = holder === undefined ? {} : { holder: maskCardNumbers(holder) };
  return { pan, summary: { brand: brandOf(pan), bin: pan.bin, last4: pan.last4, expiry, ...named } };
}

type LineOperation = Omit<Static<typeof later>, 'referencedId'> & { readonly referencedId?: string };

function readOperation(
  operation: LineOperation,
  {
    amount: minor,
    createdAtMs,
    transmittedAtMs,
  }: { readonly amount: number; readonly createdAtMs: number; readonly transmittedAtMs: number },
): ImportedOperation {
  const { rrn, stan, terminal, mti, approvalCode, networkReference } = operation.acquirer;
  const { merchantTransactionId, referencedId } = operation;
  return {
    operationId: fromWireId(operation.id) ?? operation.id,
    kind: kinds[operation.paymentType] as SentKind,
    amount: minor,
    createdAtMs,
    dialectData: echoOf(operation),
    trace: { rrn, stan, terminal, transmittedAtMs, ...(mti === undefined ? {} : { mti }) },
    ...(referencedId === undefined ? {} : { targetId: fromWireId(referencedId) ?? referencedId }),
    ...(merchantTransactionId === undefined ? {} : { merchantReference: maskCardNumbers(merchantTransactionId) }),
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(networkReference === undefined ? {} : { networkReference }),
  };
}

function echoOf({ merchantInvoiceId, merchantMemo, descriptor }: LineOperation): Record<string, string> {
  const given = Object.entries({ merchantInvoiceId, merchantMemo, descriptor }).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, maskCardNumbers(value ?? '')]));
}

/** Names the first field that is wrong, never its value: it may be a card number. */
function checkerOf<Schema extends TSchema>(schema: Schema): (line: unknown) => { readonly value: Static<Schema> } | ImportProblem {
  const compiled = Compile(schema);
  return (line) => {
    if (compiled.Check(line)) return { value: line };
    const [error] = compiled.Errors(line);
    const path = maskCardNumbers(error?.instancePath.slice(1).replaceAll('/', '.') ?? '').slice(0, 80);
    return { problem: `${path === '' ? '' : `${path}: `}${messageOf(error)}` };
  };
}

function messageOf(error: { readonly keyword: string; readonly message: string; readonly params: object } | undefined): string {
  // A field that the schema does not have is looked at as one that nothing fits.
  if (error === undefined || error.keyword === 'boolean') return 'unknown field';
  const { pattern: expected } = error.params as { readonly pattern?: unknown };
  return expected === undefined ? error.message : `must match ${String(expected)}`;
}
