/** Reminders of invoices that nobody has paid yet, on the business clock. A mail has a key of its own, so several nodes may try, and one mail is sent. */
import { doEach } from '../due/each.ts';
import type { DueWork } from '../due/work.ts';
import type { Directory } from '../merchant/channel.ts';
import type { Engine } from '../payment/engine.ts';
import { remindOfInvoice, viewInvoice } from './invoice.ts';
import type { Invoice } from './invoice-store.ts';

export function dueInvoices(engine: Engine, directory: Pick<Directory, 'channelById'>, { isTest }: { readonly isTest: boolean }): DueWork {
  const remind = async (invoice: Invoice): Promise<boolean> => {
    const channel = await directory.channelById(invoice);
    if (channel === undefined) throw new Error(`there is no channel ${invoice.channelId}`);
    // What is paid, called off or expired needs no reminder: then nothing is sent.
    await remindOfInvoice(engine, { view: await viewInvoice(engine, invoice), channel, isTest, key: 'due reminder' });
    await engine.invoices.endReminder(invoice);
    return true;
  };
  return {
    name: 'reminders of invoices',
    async run(limit) {
      return doEach(engine.log, {
        taken: await engine.invoices.dueReminders({ businessNowMs: engine.clock.businessNow(), limit }),
        act: remind,
        namesOf: ({ merchantId, invoiceNumber }) => ({ merchantId, invoiceNumber }),
        waits: 'a reminder of an invoice waits for its next try',
      });
    },
    nextDueAtMs: () => engine.invoices.nextReminderAtMs(),
  };
}
