/** The mailbox: an SMTP server that takes any mail to any address and keeps it in memory, unless a fault is ordered. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { type Faults, MAIL_FAULTS } from '../host/faults.ts';

/** A mail as it came. */
export interface ReceivedMail {
  /** Wall time, epoch ms. */
  readonly received_ms: number;
  /** Of the envelope. */
  readonly from: string;
  readonly to: readonly string[];
  /** Names in lower case, values decoded; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly message_id: string;
  readonly text: string;
  readonly html: string;
  /** As it went over the wire. */
  readonly raw: string;
}

export interface Mailbox {
  readonly port: number;
  /** Oldest first: to one address, or with these words in the subject, or all. */
  list(filter: { readonly to?: string; readonly subject?: string }): readonly ReceivedMail[];
  clear(): void;
  close(): Promise<void>;
}

export interface MailboxOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly faults: Faults;
  readonly warn: (text: string) => void;
}

const KEPT_AT_MOST = 1_000;
const LARGEST_MAIL_BYTES = 1_048_576;

/** Starts the server. Rejects when the port is taken. */
export async function startMailbox({ address, port, faults, warn }: MailboxOptions): Promise<Mailbox> {
  let mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: LARGEST_MAIL_BYTES,
    onAuth: ({ username }, _session, callback) => callback(null, { user: username ?? 'anybody' }),
    onRcptTo: (_address, _session, callback) => callback(refusalOf(faults)),
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= LARGEST_MAIL_BYTES) chunks.push(chunk);
      });
      stream.on('end', () => {
        if (bytes > LARGEST_MAIL_BYTES) return callback(tooLarge());
        const fault = faults.takeNamed(['mail_dropped', 'mail_answer_lost'], undefined)?.fault;
        if (fault === 'mail_dropped') return hangUp(server, session);
        receive(Buffer.concat(chunks), session).then((mail) => {
          mails = [...mails.slice(1 - KEPT_AT_MOST), mail];
          if (fault === 'mail_answer_lost') hangUp(server, session);
          else callback(null, 'kept');
        }, callback);
      });
    },
  });
  // Whoever hangs up in the middle of a mail is no reason to end.
  server.on('error', (error: Error & { readonly syscall?: string }) => {
    if (error.syscall !== 'read' && error.syscall !== 'write') warn(`mail: ${error.message}`);
  });
  const listener = server.listen(port, address);
  await Promise.race([once(listener, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error))]);
  return {
    port: (listener.address() as AddressInfo).port,
    list: ({ to, subject }) =>
      mails.filter((mail) => (to === undefined || mail.to.includes(to)) && (subject === undefined || mail.subject.includes(subject))),
    clear() {
      mails = [];
    },
    async close() {
      for (const { _socket } of server.connections) _socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

/** A server that is busy says 451, one that knows no such address 550 (RFC 5321, 4.2.3). */
function refusalOf(faults: Faults): (Error & { responseCode: number }) | null {
  const fault = faults.takeNamed(MAIL_FAULTS.slice(0, 2) as ['mail_refused', 'mail_rejected'], undefined)?.fault;
  if (fault === undefined) return null;
  return fault === 'mail_refused'
    ? Object.assign(new Error('4.3.0 ordered: try again later'), { responseCode: 451 })
    : Object.assign(new Error('5.1.1 ordered: no such mailbox'), { responseCode: 550 });
}

/** The size is announced; a client that says no size with its mail is told afterwards (RFC 1870, 6.3). */
function tooLarge(): Error & { responseCode: number } {
  return Object.assign(new Error(`5.3.4 a mail has ${LARGEST_MAIL_BYTES} bytes at most`), { responseCode: 552 });
}

function hangUp(server: SMTPServer, { id }: SMTPServerSession): void {
  for (const connection of server.connections) if (connection.session.id === id) connection._socket.destroy();
}

async function receive(raw: Buffer, { envelope }: SMTPServerSession): Promise<ReceivedMail> {
  const mail = await PostalMime.parse(raw);
  return {
    received_ms: Date.now(),
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    headers: Object.fromEntries(mail.headers.map(({ key, value }) => [key, value])),
    subject: mail.subject ?? '',
    message_id: mail.messageId ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
    raw: raw.toString('utf8'),
  };
}
