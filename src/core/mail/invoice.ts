/** Mails to a shopper about an invoice: that there is one to pay, that it is still to be paid, that it need not be paid any more, that it is paid. */
import type { MailContent, MailFormats, MailKind, MailLanguage } from './content.ts';

export type InvoiceMail = {
  readonly purpose: 'issued' | 'reminder' | 'cancelled' | 'receipt';
  /** What is to be paid. Absent in mails that were queued by an older version. */
  readonly orderId?: string;
  readonly merchantName: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** The merchant's own. */
  readonly reference: string;
  readonly description?: string;
  /** Where it is paid; once it is, where it can be looked at. */
  readonly url: string;
  /** Business time, epoch ms. */
  readonly expiresAtMs?: number;
  /** Simulators answered: no money moves. */
  readonly isTest: boolean;
};

interface Words {
  readonly titles: Readonly<Record<InvoiceMail['purpose'], string>>;
  readonly texts: Readonly<Record<InvoiceMail['purpose'], (amount: string, merchant: string) => string>>;
  readonly testText: string;
  readonly amount: string;
  readonly invoice: string;
  readonly about: string;
  readonly until: string;
  readonly pay: string;
  readonly look: string;
}

const words: Readonly<Record<MailLanguage, Words>> = {
  en: {
    titles: { issued: 'Invoice', reminder: 'Reminder', cancelled: 'Invoice cancelled', receipt: 'Receipt' },
    texts: {
      issued: (amount, merchant) => `${merchant} asks you to pay ${amount}.`,
      reminder: (amount, merchant) => `${merchant} reminds you: ${amount} is still to be paid.`,
      cancelled: (amount, merchant) => `${merchant} has cancelled this invoice of ${amount}. You need not pay it.`,
      receipt: (amount, merchant) => `You have paid ${amount} to ${merchant}. Thank you.`,
    },
    testText: 'This is a test: no money moves.',
    ...{ amount: 'Amount', invoice: 'Invoice', about: 'For', until: 'Pay by (UTC)', pay: 'Pay now', look: 'See the invoice' },
  },
  de: {
    titles: { issued: 'Rechnung', reminder: 'Erinnerung', cancelled: 'Rechnung storniert', receipt: 'Zahlungsbeleg' },
    texts: {
      issued: (amount, merchant) => `${merchant} bittet Sie um Zahlung von ${amount}.`,
      reminder: (amount, merchant) => `${merchant} erinnert Sie: ${amount} sind noch offen.`,
      cancelled: (amount, merchant) => `${merchant} hat diese Rechnung über ${amount} storniert. Sie brauchen sie nicht zu bezahlen.`,
      receipt: (amount, merchant) => `Sie haben ${amount} an ${merchant} gezahlt. Vielen Dank.`,
    },
    testText: 'Dies ist ein Test: Es fließt kein Geld.',
    ...{ amount: 'Betrag', invoice: 'Rechnung', about: 'Für', until: 'Zahlbar bis (UTC)', pay: 'Jetzt bezahlen', look: 'Rechnung ansehen' },
  },
  fr: {
    titles: { issued: 'Facture', reminder: 'Rappel', cancelled: 'Facture annulée', receipt: 'Reçu' },
    texts: {
      issued: (amount, merchant) => `${merchant} vous demande de payer ${amount}.`,
      reminder: (amount, merchant) => `${merchant} vous rappelle que ${amount} restent à payer.`,
      cancelled: (amount, merchant) => `${merchant} a annulé cette facture de ${amount}. Vous n’avez rien à payer.`,
      receipt: (amount, merchant) => `Vous avez payé ${amount} à ${merchant}. Merci.`,
    },
    testText: 'Ceci est un test : aucun argent n’est transféré.',
    ...{ amount: 'Montant', invoice: 'Facture', about: 'Objet', until: 'À payer avant (UTC)', pay: 'Payer', look: 'Voir la facture' },
  },
  es: {
    titles: { issued: 'Factura', reminder: 'Recordatorio', cancelled: 'Factura cancelada', receipt: 'Recibo' },
    texts: {
      issued: (amount, merchant) => `${merchant} le pide que pague ${amount}.`,
      reminder: (amount, merchant) => `${merchant} le recuerda que faltan por pagar ${amount}.`,
      cancelled: (amount, merchant) => `${merchant} ha cancelado esta factura de ${amount}. No tiene que pagarla.`,
      receipt: (amount, merchant) => `Ha pagado ${amount} a ${merchant}. Gracias.`,
    },
    testText: 'Esto es una prueba: no se mueve dinero.',
    ...{ amount: 'Importe', invoice: 'Factura', about: 'Concepto', until: 'Pagar antes de (UTC)', pay: 'Pagar', look: 'Ver la factura' },
  },
};

export const invoiceMail: MailKind<InvoiceMail> = { write };

function write(data: InvoiceMail, { language, amount: amountText, time }: MailFormats): MailContent {
  const say = words[language];
  const { purpose, merchantName, reference, description, expiresAtMs, url, isTest } = data;
  const amount = amountText(data.amount, data.currency);
  const isOpen = purpose === 'issued' || purpose === 'reminder';
  return {
    subject: `${say.titles[purpose]}: ${merchantName}, ${amount} (${reference})`,
    heading: say.titles[purpose],
    paragraphs: [say.texts[purpose](amount, merchantName), ...(isTest ? [say.testText] : [])],
    facts: [
      { label: say.amount, value: amount },
      { label: say.invoice, value: reference },
      ...(description === undefined ? [] : [{ label: say.about, value: description }]),
      ...(expiresAtMs === undefined || !isOpen ? [] : [{ label: say.until, value: time(expiresAtMs) }]),
    ],
    ...(purpose === 'cancelled' ? {} : { action: { label: isOpen ? say.pay : say.look, url } }),
  };
}
