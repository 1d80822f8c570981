/**
 * What a mail says, as plain text in parts: the look, HTML and its escaping are made from the parts elsewhere, so that no kind of mail can get
 * them wrong. Mails go over networks that anybody may read: a kind may name amounts and references, and nothing of a card.
 */

export const mailLanguages = ['en', 'de', 'fr', 'es'] as const;

export type MailLanguage = (typeof mailLanguages)[number];

/** The language of a mail for somebody who reads this one, a tag such as `de`, `de-AT` or `de_AT`; English where there is none, or no such mail. */
export function mailLanguageOf(tag: string | undefined): MailLanguage {
  return mailLanguages.find((language) => tag?.toLowerCase().startsWith(language)) ?? 'en';
}

export interface MailContent {
  readonly subject: string;
  readonly heading: string;
  readonly paragraphs: readonly string[];
  /** Names and values, one line each. */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** A link to go on with; `url` begins with https:// or http://. */
  readonly action?: { readonly label: string; readonly url: string };
}

/** How values look in the language of the mail. */
export interface MailFormats {
  readonly language: MailLanguage;
  /** Minor units with the currency's symbol. */
  amount(amount: number, currency: string): string;
  /** Day and time of a moment in epoch ms, in UTC. */
  time(atMs: number): string;
}

/** Flat, so that it can wait in a row of the database and be looked through for card numbers. */
export type MailData = Readonly<Record<string, string | number | boolean | undefined>>;

/** One kind of mail: from its data to what it says, in every language. Pure. */
export interface MailKind<Data extends MailData> {
  write(data: Data, formats: MailFormats): MailContent;
}
