/** The address of an invoice: its number, and letters that only those know who were told of it, with the merchant's routing number inside. */
import { createHash } from 'node:crypto';
import type { Invoice } from '../../core/invoice/invoice-store.ts';
import type { Engine } from '../../core/payment/engine.ts';

const lettersOfTicket = 12;

/** Where an invoice is paid. */
export function invoiceUrl(
  { shoppers }: Pick<Engine, 'shoppers'>,
  key: { readonly routingNumber: number; readonly invoiceNumber: number },
): string {
  return `${shoppers.publicUrl}/transaction/PayInvoice?inv=${key.invoiceNumber}&ct=${ticketOf(shoppers, key)}`;
}

function ticketOf(
  { ticketMac }: Pick<Engine['shoppers'], 'ticketMac'>,
  { routingNumber, invoiceNumber }: { readonly routingNumber: number; readonly invoiceNumber: number },
): string {
  const mac = Buffer.from(ticketMac(`invoice|${routingNumber}|${invoiceNumber}`)).toString('base64url');
  return `${routingNumber.toString(36).padStart(4, '0')}${mac.slice(0, lettersOfTicket)}`;
}

/** The invoice that an address names; undefined for whatever this gateway has not sent. */
export async function findInvoiceByUrl(
  engine: Engine,
  { inv, ct }: { readonly inv: string; readonly ct: string },
): Promise<Invoice | undefined> {
  if (!/^[0-9]{1,15}$/.test(inv) || !/^[0-9a-z]{4}[\w-]{12}$/.test(ct)) return undefined;
  const key = { routingNumber: Number.parseInt(ct.slice(0, 4), 36), invoiceNumber: Number(inv) };
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  if (digest(ticketOf(engine.shoppers, key)) !== digest(ct)) return undefined;
  const merchantId = await engine.shoppers.visits.merchantOf(key.routingNumber);
  return merchantId === undefined ? undefined : engine.invoices.find({ merchantId, invoiceNumber: key.invoiceNumber });
}
