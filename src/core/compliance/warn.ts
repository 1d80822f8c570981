/** Merchants are told by mail that a document ends: 60, 30 and 7 days before, each once, on the business clock. */
import { doEach } from '../due/each.ts';
import type { DueWork } from '../due/work.ts';
import { mailLanguageOf } from '../mail/content.ts';
import { sendMail } from '../mail/send.ts';
import type { Engine } from '../payment/engine.ts';
import type { DueWarning } from './document.ts';

const daysBefore = [60, 30, 7] as const;

/** Nobody is told twice: each warning is noted, and its mail has a key. */
export function complianceWarnings(engine: Engine): DueWork {
  const times = () => ({ nowMs: engine.clock.businessNow(), daysBefore });
  return {
    name: 'warnings that documents of merchants end',
    async run(limit) {
      return doEach(engine.log, {
        taken: await engine.compliance.dueWarnings({ ...times(), limit }),
        act: (due) => warn(engine, due),
        namesOf: ({ document: { merchantId, documentId } }) => ({ merchantId, documentId }),
        waits: 'a warning that a document of a merchant ends waits for its next try',
      });
    },
    nextDueAtMs: () => engine.compliance.nextWarningAtMs(times()),
  };
}

/** The mail comes first: a crash in between orders it again, under the same key. */
async function warn(engine: Engine, { document, merchantName, addresses, days }: DueWarning): Promise<true> {
  const { merchantId, documentId, type, validUntilMs = 0 } = document;
  for (const { address, language } of addresses) {
    await sendMail(engine.mails, 'compliance_expiry', {
      ...{ merchantId, to: address, senderName: 'Polygate', key: `${documentId} ${days} ${address}` },
      language: mailLanguageOf(language),
      data: { merchantName, type, validUntilMs },
    });
  }
  if (addresses.length === 0)
    engine.log.warn({ merchantId, documentId, days }, 'a document of a merchant ends, and there is no address to tell it to');
  await engine.compliance.noteWarning({ merchantId, documentId, days });
  return true;
}
