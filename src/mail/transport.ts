/** Mails over SMTP. The envelope and every header come from checked parts; a try ends within its time, whatever the server does. */
import { createTransport } from 'nodemailer';
import type { QueuedMail } from '../core/mail/send.ts';
import type { EngineLog } from '../core/payment/engine.ts';
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
  /** Absent where somebody looks at each result. */
  readonly log?: Pick<EngineLog, 'info' | 'warn'>;
}

const loopback = /^(?:localhost|127\.[\d.]+|\[::1\])$/;

/** A password never goes over a network in the clear: without `smtps:` the server has to offer STARTTLS, unless it is on this machine. */
export function openMailTransport({ url, from, log }: SmtpSettings): MailTransport {
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
  const watch = watchOver(log);
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
        watch.works();
        return { durationMs: performance.now() - startedMs, answer: singleLine(sent.response), status: 250, isHopeless: false };
      } catch (error) {
        const failure = failureOf(error, { durationMs: performance.now() - startedMs, timedOut: over.aborted, timeoutMs });
        if (!isAboutMail(error)) watch.fails(failure.problem);
        return failure;
      }
    },
  };
}

/** Tells the operator, whose server it is: once that it cannot be used, and once that it can be again. */
function watchOver(log: SmtpSettings['log']): { readonly works: () => void; readonly fails: (problem: string | undefined) => void } {
  let isAway = false;
  return {
    works() {
      if (isAway) log?.info({}, 'the mail server of SMTP_URL takes mails again');
      isAway = false;
    },
    fails(problem) {
      if (!isAway) log?.warn({ problem }, 'the mail server of SMTP_URL cannot be used; mails wait and are tried again');
      isAway = true;
    },
  };
}

/** Whether the server has refused this mail or its address, and may take others. */
function isAboutMail(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'EENVELOPE' || code === 'EMESSAGE';
}

function failureOf(
  error: unknown,
  { durationMs, timedOut, timeoutMs }: { readonly durationMs: number; readonly timedOut: boolean; readonly timeoutMs: number },
): MailResult {
  const { responseCode, response } = error as { responseCode?: unknown; response?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const problem = timedOut
    ? `the mail server did not take it within ${timeoutMs} ms`
    : `the mail server did not take it: ${singleLine(error instanceof Error ? error.message : String(error)).slice(0, 300)}`;
  return {
    durationMs,
    problem,
    answer: typeof response === 'string' ? singleLine(response) : '',
    ...(status === undefined ? {} : { status }),
    isHopeless: isAboutMail(error) && status !== undefined && status >= 500,
  };
}
