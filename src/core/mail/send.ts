/**
 * Sending a mail: it is queued in one row, and the outbox sends it, again and again until a mail server has taken it. Queued once means sent
 * once in effect: every try bears the same Message-ID, by which mail servers and programs know a mail again.
 */
import { randomUUIDv7 } from 'node:crypto';
import { maskCardNumbers } from '../instrument/mask.ts';
import { madeUuid } from '../made-uuid.ts';
import type { MailDataOf, MailKindName } from './catalogue.ts';
import type { MailData, MailLanguage } from './content.ts';

/** A mail that waits for its delivery. */
export interface QueuedMail {
  readonly merchantId: string;
  /** UUID. */
  readonly mailId: string;
  readonly kind: MailKindName;
  readonly to: string;
  readonly language: MailLanguage;
  /** In whose name it is sent; the address is the gateway's. */
  readonly senderName: string;
  readonly data: MailData;
}

/** The store's part. */
export interface MailQueue {
  /** False when there is a mail of this id already. Durable when it resolves. */
  queue(mail: QueuedMail): Promise<boolean>;
}

export interface MailOrder<Kind extends MailKindName> {
  readonly merchantId: string;
  readonly senderName: string;
  /** One address, without a name. */
  readonly to: string;
  readonly language: MailLanguage;
  readonly data: MailDataOf<Kind>;
  /** The same key of a merchant and a kind is sent once, however often it is ordered. Absent: every order is a mail. */
  readonly key?: string;
}

/**
 * Queues a mail. `queued`: it will be sent. `known`: it was queued before, by the same key. `bad_address`: nothing was queued. What looks like a
 * card number in its data is masked before it is kept. Rejects when the database is away: nothing is certain then, and the same key may be
 * ordered again.
 */
export async function sendMail<Kind extends MailKindName>(
  queue: MailQueue,
  kind: Kind,
  { merchantId, senderName, to, language, data, key }: MailOrder<Kind>,
): Promise<'queued' | 'known' | 'bad_address'> {
  if (!isMailAddress(to)) return 'bad_address';
  const mailId = key === undefined ? randomUUIDv7() : mailIdOf([merchantId, kind, key]);
  const masked = Object.fromEntries(
    Object.entries<MailData[string]>(data).map(([name, value]) => [name, typeof value === 'string' ? maskCardNumbers(value) : value]),
  );
  const isNew = await queue.queue({ merchantId, mailId, kind, to, language, senderName: maskCardNumbers(senderName), data: masked });
  return isNew ? 'queued' : 'known';
}

/** The same UUID for the same parts, on every node (RFC 9562, 5.8). */
export function mailIdOf(parts: readonly string[]): string {
  return madeUuid(JSON.stringify(parts));
}

const local = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domain = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

/** One plain address (RFC 5321 lengths), without a name, quotes or comments: nothing in it can end a header or begin another recipient. */
export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  return at > 0 && at <= 64 && text.length <= 254 && local.test(text.slice(0, at)) && domain.test(text.slice(at + 1));
}
