/** The mail that tells a merchant what became of a payment, and of what was done to it. */
import type { PaymentEventRecord } from '../event/payment-event.ts';
import type { Channel } from '../merchant/channel.ts';
import type { OperationView, PaymentTree } from '../payment/operation.ts';
import { isRiskReason } from '../risk/rule.ts';
import { unsuccessfulOperationStates } from '../states/operation.ts';
import type { MailContent, MailFormats, MailKind, MailLanguage } from './content.ts';

/**
 * `held`: reserved only. `unpaid`: declined, called off by the shopper, or not to be made. `reduced`: voided in part, or what a capture had left.
 * `act_failed`: a capture, a refund or a void.
 */
type PaymentResult =
  | 'charged'
  | 'held'
  | 'unpaid'
  | 'canceled'
  | 'reduced'
  | 'refunded'
  | 'act_failed'
  | 'charged_back'
  | 'chargeback_reversed';

export type PaymentConfirmation = {
  readonly merchantName: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly result: PaymentResult;
  /** The merchant's own. */
  readonly reference?: string;
  /** As the merchant's protocol names the payment and this act upon it, else as the gateway does. */
  readonly paymentId: string;
  readonly operationId: string;
  /** Business time, epoch ms. */
  readonly happenedAtMs: number;
  /** Simulators answered: no money moves. */
  readonly isTest: boolean;
};

interface Words {
  readonly results: Readonly<Record<PaymentResult, readonly [title: string, text: (amount: string, merchant: string) => string]>>;
  readonly testText: string;
  readonly amount: string;
  readonly reference: string;
  readonly payment: string;
  readonly operation: string;
  readonly time: string;
}

const words: Readonly<Record<MailLanguage, Words>> = {
  en: {
    results: {
      charged: ['Payment received', (amount, merchant) => `${merchant} was paid ${amount}.`],
      held: [
        'Payment authorized',
        (amount, merchant) => `${amount} is reserved for ${merchant}. Capture the payment to receive the money.`,
      ],
      unpaid: ['Payment not made', (amount, merchant) => `${merchant} was not paid ${amount}.`],
      canceled: [
        'Payment canceled',
        (amount, merchant) => `${amount} will not be paid to ${merchant}: what was reserved or taken was given back.`,
      ],
      reduced: [
        'Payment reduced',
        (amount, merchant) =>
          `${amount} of the payment will not be paid to ${merchant}: that part of what was reserved or taken was given back.`,
      ],
      refunded: ['Refund made', (amount, merchant) => `${merchant} has refunded ${amount}.`],
      act_failed: ['Request failed', (amount) => `A capture, refund or cancellation of ${amount} was not made. Nothing has changed.`],
      charged_back: ['Chargeback', (amount, merchant) => `The cardholder’s bank has taken back ${amount} from ${merchant}.`],
      chargeback_reversed: ['Chargeback reversed', (amount, merchant) => `${merchant} gets back ${amount} of a chargeback.`],
    },
    testText: 'This is a test: no money moves.',
    amount: 'Amount',
    reference: 'Your reference',
    payment: 'Payment',
    operation: 'Operation',
    time: 'Time (UTC)',
  },
  de: {
    results: {
      charged: ['Zahlung erhalten', (amount, merchant) => `An ${merchant} wurden ${amount} gezahlt.`],
      held: [
        'Zahlung autorisiert',
        (amount, merchant) => `Für ${merchant} sind ${amount} reserviert. Das Geld kommt, sobald Sie die Zahlung einziehen.`,
      ],
      unpaid: ['Zahlung nicht erfolgt', (amount, merchant) => `An ${merchant} wurden ${amount} nicht gezahlt.`],
      canceled: [
        'Zahlung aufgehoben',
        (amount, merchant) => `${amount} gehen nicht an ${merchant}: Was reserviert oder eingezogen war, ist wieder frei.`,
      ],
      reduced: [
        'Zahlung verringert',
        (amount, merchant) =>
          `${amount} der Zahlung gehen nicht an ${merchant}: Dieser Teil des Reservierten oder Eingezogenen ist wieder frei.`,
      ],
      refunded: ['Erstattung erfolgt', (amount, merchant) => `${merchant} hat ${amount} erstattet.`],
      act_failed: [
        'Anfrage fehlgeschlagen',
        (amount) => `Ein Einzug, eine Erstattung oder eine Aufhebung von ${amount} fand nicht statt. Es hat sich nichts geändert.`,
      ],
      charged_back: ['Rückbelastung', (amount, merchant) => `Die Bank des Karteninhabers hat ${merchant} ${amount} zurückbelastet.`],
      chargeback_reversed: ['Rückbelastung aufgehoben', (amount, merchant) => `${merchant} erhält ${amount} einer Rückbelastung zurück.`],
    },
    testText: 'Dies ist ein Test: Es fließt kein Geld.',
    amount: 'Betrag',
    reference: 'Ihre Referenz',
    payment: 'Zahlung',
    operation: 'Vorgang',
    time: 'Zeit (UTC)',
  },
  fr: {
    results: {
      charged: ['Paiement reçu', (amount, merchant) => `${merchant} a reçu un paiement de ${amount}.`],
      held: [
        'Paiement autorisé',
        (amount, merchant) => `${amount} sont réservés pour ${merchant}. Capturez le paiement pour recevoir l’argent.`,
      ],
      unpaid: ['Paiement non effectué', (amount, merchant) => `${merchant} n’a pas reçu ${amount}.`],
      canceled: [
        'Paiement annulé',
        (amount, merchant) => `${amount} ne seront pas versés à ${merchant} : ce qui était réservé ou encaissé a été rendu.`,
      ],
      reduced: [
        'Paiement réduit',
        (amount, merchant) =>
          `${amount} du paiement ne seront pas versés à ${merchant} : cette partie de ce qui était réservé ou encaissé a été rendue.`,
      ],
      refunded: ['Remboursement effectué', (amount, merchant) => `${merchant} a remboursé ${amount}.`],
      act_failed: [
        'Demande échouée',
        (amount) => `Une capture, un remboursement ou une annulation de ${amount} n’a pas eu lieu. Rien n’a changé.`,
      ],
      charged_back: ['Impayé', (amount, merchant) => `La banque du porteur a repris ${amount} à ${merchant}.`],
      chargeback_reversed: ['Impayé annulé', (amount, merchant) => `${merchant} récupère ${amount} d’un impayé.`],
    },
    testText: 'Ceci est un test : aucun argent n’est transféré.',
    amount: 'Montant',
    reference: 'Votre référence',
    payment: 'Paiement',
    operation: 'Opération',
    time: 'Heure (UTC)',
  },
  es: {
    results: {
      charged: ['Pago recibido', (amount, merchant) => `${merchant} ha recibido un pago de ${amount}.`],
      held: ['Pago autorizado', (amount, merchant) => `Hay ${amount} reservados para ${merchant}. Capture el pago para recibir el dinero.`],
      unpaid: ['Pago no realizado', (amount, merchant) => `${merchant} no ha recibido ${amount}.`],
      canceled: ['Pago anulado', (amount, merchant) => `${merchant} no recibirá ${amount}: lo reservado o cobrado se ha devuelto.`],
      reduced: [
        'Pago reducido',
        (amount, merchant) => `${merchant} no recibirá ${amount} del pago: esa parte de lo reservado o cobrado se ha devuelto.`,
      ],
      refunded: ['Reembolso realizado', (amount, merchant) => `${merchant} ha reembolsado ${amount}.`],
      act_failed: [
        'Solicitud fallida',
        (amount) => `Una captura, un reembolso o una anulación de ${amount} no se ha realizado. Nada ha cambiado.`,
      ],
      charged_back: ['Contracargo', (amount, merchant) => `El banco del titular ha retirado ${amount} a ${merchant}.`],
      chargeback_reversed: ['Contracargo revertido', (amount, merchant) => `${merchant} recupera ${amount} de un contracargo.`],
    },
    testText: 'Esto es una prueba: no se mueve dinero.',
    amount: 'Importe',
    reference: 'Su referencia',
    payment: 'Pago',
    operation: 'Operación',
    time: 'Hora (UTC)',
  },
};

export const paymentConfirmation: MailKind<PaymentConfirmation> = { write };

function write(data: PaymentConfirmation, { language, amount: amountText, time }: MailFormats): MailContent {
  const say = words[language];
  const { merchantName, result, reference, isTest } = data;
  const amount = amountText(data.amount, data.currency);
  const [title, textOf] = say.results[result];
  return {
    subject: [`${title}: ${amount}`, ...(reference === undefined ? [] : [`(${reference})`])].join(' '),
    heading: title,
    paragraphs: [textOf(amount, merchantName), ...(isTest ? [say.testText] : [])],
    facts: [
      { label: say.amount, value: amount },
      ...(reference === undefined ? [] : [{ label: say.reference, value: reference }]),
      { label: say.payment, value: data.paymentId },
      { label: say.operation, value: data.operationId },
      { label: say.time, value: time(data.happenedAtMs) },
    ],
  };
}

/** What of an event is told by mail; undefined for what is no result, or was told before. */
export function confirmationOf({
  event,
  operation,
  tree,
  channel,
  isTest,
  names,
}: {
  readonly event: PaymentEventRecord;
  readonly operation: OperationView;
  readonly tree: Pick<PaymentTree, 'state'>;
  readonly channel: Channel;
  readonly isTest: boolean;
  readonly names: Pick<PaymentConfirmation, 'paymentId' | 'operationId'>;
}): PaymentConfirmation | undefined {
  const result = resultOf(event, operation, tree);
  if (result === undefined) return undefined;
  const { amount, currency, merchantReference } = operation;
  return {
    ...{ merchantName: channel.look?.name ?? channel.name, amount, currency, result, ...names, isTest },
    happenedAtMs: event.happenedAtMs,
    ...(merchantReference === undefined ? {} : { reference: merchantReference }),
  };
}

/** Events of operations are named after the states that they lead to. */
const failures: readonly string[] = unsuccessfulOperationStates;

function resultOf(
  { name, operationState }: PaymentEventRecord,
  { kind, reason }: OperationView,
  { state }: Pick<PaymentTree, 'state'>,
): PaymentResult | undefined {
  const [, became = ''] = name.split('.');
  const isDone = operationState === 'approved' && (became === 'approved' || became === 'posted');
  const isOver = failures.includes(became);
  if (!isDone && !isOver) return undefined;
  switch (kind) {
    case 'preauthorization':
      return isDone ? 'held' : 'unpaid';
    case 'debit':
    case 'rebill':
    case 'receipt':
      return isDone ? 'charged' : 'unpaid';
    case 'capture':
      return isDone ? 'charged' : 'act_failed';
    case 'refund':
      return isDone ? 'refunded' : 'act_failed';
    case 'reversal':
      // What a review has refused was told when it was.
      if (isRiskReason(reason)) return undefined;
      if (isOver) return 'act_failed';
      if (state === 'voided') return 'canceled';
      // What has a reason the gateway did by itself: after a last capture only the rest is given back.
      return reason === undefined ? 'reduced' : undefined;
    case 'chargeback':
      return isDone ? 'charged_back' : undefined;
    case 'chargeback_reversal':
      return isDone ? 'chargeback_reversed' : undefined;
    case 'payout':
      return undefined;
  }
}
