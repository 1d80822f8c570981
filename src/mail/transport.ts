/** Mails over SMTP. The envelope and every header come from checked parts; a try ends within its time, whatever the server does. */
import { createTransport } from 'nodemailer';
import type { QueuedMail } from '../core/mail/send.ts';
import { renderMail, singleLine } from './render.ts';

export interface MailTransport {
  /** One try. Never rejects. */
  send(mail: QueuedMail, options: { readonly timeoutMs: number }): Promise<MailResult>;
}

export interface MailResult {
  readonly durationMs: number;
  /** What the server answered, or what went wrong. */
  readonly answer: string;
  /** The SMTP reply code, where there was one. */
  readonly status?: number;
  /** Absent when the server has taken the mail. */
  readonly problem?: string;
  /** The server will never take this mail for this address (RFC 5321, 4.2.1: 5yz): another try would be refused as well. */
  readonly isHopeless: boolean;
}

export interface SmtpSettings {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly url: string;
  /** The address that mails come from. */
  readonly from: string;
}

const loopback = /^(?:localhost|127\.[\d.]+|\[::1\])$/;

/** A password never goes over a network in the clear: without `smtps:` the server has to offer STARTTLS, unless it is on this machine. */
export function openMailTransport({ url, from }: SmtpSettings): MailTransport {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isSecure = protocol === 'smtps:';
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    requireTLS: !isSecure && !loopback.test(hostname),
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    tls: { minVersion: 'TLSv1.2' },
    // Nothing in a mail may be read from a file or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sender = from.slice(from.lastIndexOf('@') + 1);
  return {
    async send(mail, { timeoutMs }) {
      const startedMs = performance.now();
      const over = AbortSignal.timeout(timeoutMs);
      try {
        const { subject, text, html } = renderMail(mail);
        const sent = await transport.sendMail({
          from: { name: singleLine(mail.senderName), address: from },
          to: { name: '', address: mail.to },
          ...{ subject, text, html },
          messageId: `<${mail.mailId}@${sender}>`,
          // So that no answering machine answers (RFC 3834, 5).
          headers: { 'auto-submitted': 'auto-generated' },
          signal: over,
        });
        return { durationMs: performance.now() - startedMs, answer: singleLine(sent.response), status: 250, isHopeless: false };
      } catch (error) {
        return failureOf(error, { durationMs: performance.now() - startedMs, timedOut: over.aborted, timeoutMs });
      }
    },
  };
}

function failureOf(
  error: unknown,
  { durationMs, timedOut, timeoutMs }: { readonly durationMs: number; readonly timedOut: boolean; readonly timeoutMs: number },
): MailResult {
  const { code, responseCode, response } = error as { code?: unknown; responseCode?: unknown; response?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const isAboutMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  const problem = timedOut
    ? `the mail server did not take it within ${timeoutMs} ms`
    : `the mail server did not take it: ${singleLine(error instanceof Error ? error.message : String(error)).slice(0, 300)}`;
  return {
    durationMs,
    problem,
    answer: typeof response === 'string' ? singleLine(response) : '',
    ...(status === undefined ? {} : { status }),
    isHopeless: isAboutMail && status !== undefined && status >= 500,
  };
}
