/** The mail that tells a merchant of a payment: that it was charged, or that its amount is reserved. */
import type { PaymentEventRecord } from '../event/payment-event.ts';
import type { Channel } from '../merchant/channel.ts';
import { isCharge, type OperationView } from '../payment/operation.ts';
import type { MailContent, MailFormats, MailKind, MailLanguage } from './content.ts';

export type PaymentConfirmation = {
  readonly merchantName: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Reserved only: nothing was charged yet. */
  readonly isHold: boolean;
  /** The merchant's own. */
  readonly reference?: string;
  /** As the gateway knows the payment and this act upon it. */
  readonly paymentId: string;
  readonly operationId: string;
  /** Business time, epoch ms. */
  readonly happenedAtMs: number;
  /** Simulators answered: no money moves. */
  readonly isTest: boolean;
};

interface Words {
  readonly charged: string;
  readonly held: string;
  readonly chargedText: (amount: string, merchant: string) => string;
  readonly heldText: (amount: string, merchant: string) => string;
  readonly testText: string;
  readonly amount: string;
  readonly reference: string;
  readonly payment: string;
  readonly operation: string;
  readonly time: string;
}

const words: Readonly<Record<MailLanguage, Words>> = {
  en: {
    charged: 'Payment received',
    held: 'Payment authorized',
    chargedText: (amount, merchant) => `${merchant} was paid ${amount}.`,
    heldText: (amount, merchant) => `${amount} is reserved for ${merchant}. Capture the payment to receive the money.`,
    testText: 'This is a test: no money moves.',
    amount: 'Amount',
    reference: 'Your reference',
    payment: 'Payment',
    operation: 'Operation',
    time: 'Time (UTC)',
  },
  de: {
    charged: 'Zahlung erhalten',
    held: 'Zahlung autorisiert',
    chargedText: (amount, merchant) => `An ${merchant} wurden ${amount} gezahlt.`,
    heldText: (amount, merchant) => `Für ${merchant} sind ${amount} reserviert. Das Geld kommt, sobald Sie die Zahlung einziehen.`,
    testText: 'Dies ist ein Test: Es fließt kein Geld.',
    amount: 'Betrag',
    reference: 'Ihre Referenz',
    payment: 'Zahlung',
    operation: 'Vorgang',
    time: 'Zeit (UTC)',
  },
  fr: {
    charged: 'Paiement reçu',
    held: 'Paiement autorisé',
    chargedText: (amount, merchant) => `${merchant} a reçu un paiement de ${amount}.`,
    heldText: (amount, merchant) => `${amount} sont réservés pour ${merchant}. Capturez le paiement pour recevoir l’argent.`,
    testText: 'Ceci est un test : aucun argent n’est transféré.',
    amount: 'Montant',
    reference: 'Votre référence',
    payment: 'Paiement',
    operation: 'Opération',
    time: 'Heure (UTC)',
  },
  es: {
    charged: 'Pago recibido',
    held: 'Pago autorizado',
    chargedText: (amount, merchant) => `${merchant} ha recibido un pago de ${amount}.`,
    heldText: (amount, merchant) => `Hay ${amount} reservados para ${merchant}. Capture el pago para recibir el dinero.`,
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
  const { merchantName, isHold, reference, isTest } = data;
  const amount = amountText(data.amount, data.currency);
  const title = isHold ? say.held : say.charged;
  return {
    subject: [`${title}: ${amount}`, ...(reference === undefined ? [] : [`(${reference})`])].join(' '),
    heading: title,
    paragraphs: [isHold ? say.heldText(amount, merchantName) : say.chargedText(amount, merchantName), ...(isTest ? [say.testText] : [])],
    facts: [
      { label: say.amount, value: amount },
      ...(reference === undefined ? [] : [{ label: say.reference, value: reference }]),
      { label: say.payment, value: data.paymentId },
      { label: say.operation, value: data.operationId },
      { label: say.time, value: time(data.happenedAtMs) },
    ],
  };
}

/** What of an event is confirmed by mail: money that came, and holds. Undefined for everything else. */
export function confirmationOf({
  event,
  operation,
  channel,
  isTest,
}: {
  readonly event: PaymentEventRecord;
  readonly operation: OperationView;
  readonly channel: Channel;
  readonly isTest: boolean;
}): PaymentConfirmation | undefined {
  const isHold = operation.kind === 'preauthorization';
  if (event.operationState !== 'approved' || !/\.(?:approved|posted)$/.test(event.name) || !(isHold || isCharge(operation)))
    return undefined;
  const { amount, currency, merchantReference, paymentId, operationId } = operation;
  return {
    ...{ merchantName: channel.look?.name ?? channel.name, amount, currency, isHold, paymentId, operationId, isTest },
    happenedAtMs: event.happenedAtMs,
    ...(merchantReference === undefined ? {} : { reference: merchantReference }),
  };
}
