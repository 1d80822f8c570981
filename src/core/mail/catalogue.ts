/** All kinds of mail: a new one is a file of its own beside this one, and a line here. */
import { complianceExpiry } from './compliance-expiry.ts';
import type { MailContent, MailData, MailFormats, MailKind } from './content.ts';
import { endpointTest } from './endpoint-test.ts';
import { invoiceMail } from './invoice.ts';
import { paymentConfirmation } from './payment-confirmation.ts';
import { paymentLink } from './payment-link.ts';

const mailKinds = {
  payment_confirmation: paymentConfirmation,
  endpoint_test: endpointTest,
  compliance_expiry: complianceExpiry,
  invoice: invoiceMail,
  payment_link: paymentLink,
} as const;

export type MailKindName = keyof typeof mailKinds;

/** What a kind of mail has to be given. */
export type MailDataOf<Kind extends MailKindName> = (typeof mailKinds)[Kind] extends MailKind<infer Data> ? Data : never;

/** What a mail says. `data` is what its kind was queued with; a kind of a newer version throws, and waits for a node that knows it. */
export function writeMail(name: MailKindName, data: MailData, formats: MailFormats): MailContent {
  const kind: MailKind<never> | undefined = mailKinds[name];
  if (kind === undefined) throw new Error(`there is no kind of mail called ${name}`);
  return kind.write(data as never, formats);
}
