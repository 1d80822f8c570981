/** The exchange of a first operation with the acquirer, and what its answer makes of it; a card that is to be kept gets its token in between. */
import type { CardSummary } from '../instrument/card.ts';
import type { AcquirerAnswer, CardSecrets } from '../ports.ts';
import type { AuthenticationEvidence } from '../three-d-secure/authentication.ts';
import { conclude, type OpenOperation } from './conclude.ts';
import type { Engine } from './engine.ts';
import type { OperationView, Trace } from './operation.ts';
import type { SentKind } from './operation.ts';

export interface Exchange {
  readonly open: OpenOperation;
  readonly row: {
    readonly merchantId: string;
    readonly operationId: string;
    readonly kind: SentKind;
    readonly amount: number;
    readonly currency: string;
    readonly cardId: string;
    readonly card: CardSummary;
    readonly createdAtMs: number;
  };
  readonly trace: Trace;
  readonly secrets: CardSecrets;
  readonly authentication?: AuthenticationEvidence;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  /** Told of a decline before it is recorded; what it returns stands instead. */
  readonly onDecline?: (answer: AcquirerAnswer & { readonly outcome: 'declined' }) => Promise<OperationView | undefined>;
}

export async function exchange(engine: Engine, { open, row, trace, secrets, authentication, tokenize, onDecline }: Exchange): Promise<OperationView> {
  const { merchantId, operationId, kind, amount, currency, cardId, card } = row;
  const answer = await engine.acquirer.send(
    {
      ...{ reference: { merchantId, operationId }, kind, trace, amount, currency, card },
      ...(authentication === undefined ? {} : { authentication }),
    },
    secrets,
  );
  const instead = answer.outcome === 'declined' ? await onDecline?.(answer) : undefined;
  if (instead !== undefined) return instead;
  if (answer.outcome !== 'approved' || !tokenize) return conclude(engine, open, answer);
  try {
    const purgeAtMs = row.createdAtMs + engine.settings.panRetentionMs;
    const token = await engine.vault.tokenize({ merchantId, cardId, summary: card, purgeAtMs });
    return await conclude(engine, { ...open, token }, answer);
  } catch (error) {
    engine.log.error({ operationId, error: String(error) }, 'the payment was approved, but its card could not be kept under a token');
    return conclude(engine, open, answer);
  }
}
