/** A mail that means nothing, to see whether a mail server takes what goes to an endpoint's address. */
import { randomUUIDv7 } from 'node:crypto';
import { mailLanguageOf } from '../core/mail/content.ts';
import type { KeptEndpoint } from '../core/operator/operator-store.ts';
import type { Tested } from '../http/endpoint-form.ts';
import type { MailTransport } from './transport.ts';

const timeoutMs = 30_000;

/** One try; never rejects. The endpoint's URL is a `mailto:`. */
export async function sendTestMail(
  transport: MailTransport,
  { merchantId, merchant, url, settings }: Pick<KeptEndpoint, 'merchantId' | 'merchant' | 'url' | 'settings'>,
): Promise<Tested> {
  const mail = {
    ...{ merchantId, to: (url ?? '').slice('mailto:'.length), senderName: merchant, mailId: randomUUIDv7() },
    ...{ kind: 'endpoint_test' as const, data: { merchantName: merchant } },
    language: mailLanguageOf(settings.language),
  };
  const { durationMs, problem } = await transport.send(mail, { timeoutMs });
  return problem === undefined ? { acknowledged: true, status: 250, durationMs } : { acknowledged: false, problem };
}
