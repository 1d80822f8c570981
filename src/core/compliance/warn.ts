/** Merchants are told by mail that a document ends: 60, 30 and 7 days before, each once, on the business clock. */
import type { DueWork, Progress } from '../due/work.ts';
import { mailLanguages } from '../mail/content.ts';
import { sendMail } from '../mail/send.ts';
import type { Engine } from '../payment/engine.ts';
import type { EndingDocument } from './document.ts';

const dayMs = 86_400_000;
export const warnedDaysBefore = [60, 30, 7] as const;
const readAtOnce = 200;

/** Nobody is told twice: each warning is noted, and its mail has a key. */
export function complianceWarnings(engine: Engine): DueWork {
  const ending = async (withinMs: number) => {
    const nowMs = engine.clock.businessNow();
    return engine.compliance.ending({ fromMs: nowMs, untilMs: nowMs + withinMs, limit: readAtOnce });
  };
  return {
    name: 'warnings that documents of merchants end',
    async run(): Promise<Progress> {
      const due = (await ending(warnedDaysBefore[0] * dayMs)).flatMap((found) => dueOf(found, engine.clock.businessNow()));
      for (const { found, days } of due) await warn(engine, found, days);
      return { taken: due.length, done: due.length };
    },
    async nextDueAtMs() {
      const times = (await ending(400 * dayMs)).flatMap(({ document, warnedAt }) =>
        warnedDaysBefore.flatMap((days) => (warnedAt.includes(days) ? [] : [(document.validUntilMs ?? 0) - days * dayMs])),
      );
      const nowMs = engine.clock.businessNow();
      const coming = times.filter((atMs) => atMs > nowMs);
      return coming.length === 0 ? undefined : Math.min(...coming);
    },
  };
}

/** The latest warning that is due; one that was missed while nothing ran is not caught up when a later one is due as well. */
function dueOf(found: EndingDocument, nowMs: number): readonly { readonly found: EndingDocument; readonly days: number }[] {
  const leftMs = (found.document.validUntilMs ?? 0) - nowMs;
  const days = warnedDaysBefore.findLast((limit) => leftMs <= limit * dayMs);
  return days === undefined || found.warnedAt.includes(days) ? [] : [{ found, days }];
}

/** The mail comes first: a crash in between orders it again, under the same key. */
async function warn(engine: Engine, { document, merchantName, addresses }: EndingDocument, days: number): Promise<void> {
  const { merchantId, documentId, type, validUntilMs = 0 } = document;
  for (const { address, language } of addresses) {
    await sendMail(engine.mails, 'compliance_expiry', {
      ...{ merchantId, to: address, senderName: 'Polygate', key: `${documentId} ${days} ${address}` },
      language: mailLanguages.find((known) => known === language) ?? 'en',
      data: { merchantName, type, validUntilMs },
    });
  }
  if (addresses.length === 0)
    engine.log.warn({ merchantId, documentId, days }, 'a document of a merchant ends, and there is no address to tell it to');
  await engine.compliance.noteWarning({ merchantId, documentId, days });
}
