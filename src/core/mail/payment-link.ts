/** The mail that asks a customer to pay: an amount, and the page where it is paid. */
import type { MailContent, MailKind, MailLanguage } from './content.ts';

export type PaymentLink = {
  /** What is to be paid. Absent in mails that were queued by an older version. */
  readonly orderId?: string;
  readonly merchantName: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** The merchant's own. */
  readonly reference?: string;
  readonly url: string;
};

interface Words {
  readonly title: (merchant: string) => string;
  readonly text: (amount: string, merchant: string) => string;
  readonly amount: string;
  readonly reference: string;
  readonly pay: string;
}

const words: Readonly<Record<MailLanguage, Words>> = {
  en: {
    title: (merchant) => `Your payment to ${merchant}`,
    text: (amount, merchant) => `${merchant} asks you to pay ${amount}. The button leads to a page where you can do that.`,
    ...{ amount: 'Amount', reference: 'Reference', pay: 'Pay now' },
  },
  de: {
    title: (merchant) => `Ihre Zahlung an ${merchant}`,
    text: (amount, merchant) =>
      `${merchant} bittet Sie um die Zahlung von ${amount}. Der Knopf führt zu einer Seite, auf der Sie zahlen können.`,
    ...{ amount: 'Betrag', reference: 'Referenz', pay: 'Jetzt zahlen' },
  },
  fr: {
    title: (merchant) => `Votre paiement à ${merchant}`,
    text: (amount, merchant) => `${merchant} vous demande de payer ${amount}. Le bouton mène à une page où vous pouvez le faire.`,
    ...{ amount: 'Montant', reference: 'Référence', pay: 'Payer maintenant' },
  },
  es: {
    title: (merchant) => `Su pago a ${merchant}`,
    text: (amount, merchant) => `${merchant} le pide que pague ${amount}. El botón lleva a una página donde puede hacerlo.`,
    ...{ amount: 'Importe', reference: 'Referencia', pay: 'Pagar ahora' },
  },
};

export const paymentLink: MailKind<PaymentLink> = {
  write({ merchantName, amount, currency, reference, url }, { language, amount: amountText }): MailContent {
    const say = words[language];
    const money = amountText(amount, currency);
    return {
      ...{ subject: say.title(merchantName), heading: say.title(merchantName), paragraphs: [say.text(money, merchantName)] },
      facts: [{ label: say.amount, value: money }, ...(reference === undefined ? [] : [{ label: say.reference, value: reference }])],
      action: { label: say.pay, url },
    };
  },
};
