/** The mail that means nothing: whether an address is right, and mails come through. */
import type { MailContent, MailKind, MailLanguage } from './content.ts';

export type EndpointTest = { readonly merchantName: string };

const words: Readonly<Record<MailLanguage, { readonly title: string; readonly text: (merchant: string) => string }>> = {
  en: {
    title: 'Test message',
    text: (merchant) => `From now on, payment confirmations of ${merchant} come to this address. Nothing was paid.`,
  },
  de: {
    title: 'Testnachricht',
    text: (merchant) => `An diese Adresse kommen künftig die Zahlungsbestätigungen von ${merchant}. Es wurde nichts gezahlt.`,
  },
  fr: {
    title: 'Message de test',
    text: (merchant) => `Désormais, les confirmations de paiement de ${merchant} arrivent à cette adresse. Rien n’a été payé.`,
  },
  es: {
    title: 'Mensaje de prueba',
    text: (merchant) => `A partir de ahora, las confirmaciones de pago de ${merchant} llegan a esta dirección. No se ha pagado nada.`,
  },
};

export const endpointTest: MailKind<EndpointTest> = {
  write({ merchantName }, { language }): MailContent {
    const { title, text } = words[language];
    return { subject: `${title}: ${merchantName}`, heading: title, paragraphs: [text(merchantName)], facts: [] };
  },
};
