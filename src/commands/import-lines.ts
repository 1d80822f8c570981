/** What happens to one line of an import: opened, read in the words of its dialect, and kept; or why it cannot be. */
import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { mtiOf } from '../acquirers/iso8583/messages.ts';
import { madeUuid } from '../core/made-uuid.ts';
import type { Channel, Directory } from '../core/merchant/channel.ts';
import { purgeTime } from '../core/merchant/retention.ts';
import { type ImportedPayment, type ImportedToken, replay } from '../core/payment/imported.ts';
import type { DialectImport } from '../dialects/dialect.ts';
import type { Batcher } from '../postgres/batcher.ts';
import { type Importation, type PaymentToImport, paymentIdOf } from '../store/import-payments.ts';
import { VaultConflictError } from '../vault/errors.ts';
import { ImportKeyError } from '../vault/import-keys.ts';
import type { OpenVault } from '../vault/vault.ts';

const dayMs = 86_400_000;

/** `imported` is told of a dry run too: what would be. */
export type LineOutcome = 'imported' | 'unchanged' | { readonly problem: string };

export interface ImportParts {
  readonly dialect: string;
  readonly importer: DialectImport;
  readonly vault: OpenVault;
  readonly directory: Directory;
  readonly payments: Batcher<PaymentToImport, Importation>;
  readonly findImported: (payment: PaymentToImport) => Promise<Importation | undefined>;
  /** Business time, epoch ms. */
  readonly nowMs: number;
  readonly panRetentionMs: number;
  readonly dryRun: boolean;
}

/**
 * A line that was read and can be kept, in two steps. Of several lines with one id the first is to win, so each step is begun for all lines of
 * a batch in their order, when the step before has ended for all of them.
 */
export interface ReadLine {
  /** Puts the card into the vault. */
  store(): Promise<'stored' | { readonly problem: string }>;
  keep(): Promise<LineOutcome>;
}

export type LineReader = (parts: ImportParts, text: string) => Promise<ReadLine | { readonly problem: string }>;

/** Keeps what can be kept of a batch; an outcome per line, in their order. */
export async function importBatch(parts: ImportParts, readLine: LineReader, texts: readonly string[]): Promise<readonly LineOutcome[]> {
  const read = await Promise.all(texts.map((text) => readLine(parts, text)));
  const stored = await Promise.all(read.map(async (line) => ('problem' in line ? line : line.store())));
  return Promise.all(
    read.map(async (line, index) => {
      const result = stored[index];
      if (typeof result === 'object') return result;
      return 'problem' in line ? line : line.keep();
    }),
  );
}

const otherContent = 'id: it was imported or made here with other content, which stays';

/** One token. */
export const importToken: LineReader = async (parts, text) => {
  const opened = await openLine(parts, text);
  if ('problem' in opened) return opened;
  const token = parts.importer.readToken(opened.line);
  if ('problem' in token) return token;
  const channel = await channelOf(parts, token.wireId);
  if ('problem' in channel) return channel;
  const { vault } = parts;
  const card = { merchantId: channel.merchantId, cardId: cardIdOf(`token|${channel.merchantId}|${token.token}`) };
  const toStore = { ...card, pan: token.pan, purgeAtMs: purgeTime(parts.nowMs, channel, parts) };
  return {
    store: async () => (parts.dryRun ? 'stored' : storeCard(vault, toStore)),
    async keep() {
      if (parts.dryRun) return lookAtToken(vault, card, token);
      const { purgeAtMs } = toStore;
      const adoption = await vault.adoptToken({ ...card, token: token.token, summary: token.summary, purgeAtMs });
      if (adoption !== 'taken') return adoption === 'adopted' ? 'imported' : 'unchanged';
      // It stays where a token needs it.
      await vault.discard(card);
      return { problem: otherContent };
    },
  };
};

/** What the import of a token would come to. */
async function lookAtToken(
  vault: OpenVault,
  card: { readonly merchantId: string; readonly cardId: string },
  { token, pan, summary }: ImportedToken,
): Promise<LineOutcome> {
  const known = await vault.resolveToken({ merchantId: card.merchantId, token });
  if (known === undefined) return 'imported';
  const isSame = known.cardId === card.cardId && isDeepStrictEqual(known.summary, summary);
  return isSame && (await vault.reveal(card))?.reveal() === pan.reveal() ? 'unchanged' : { problem: otherContent };
}

/** One payment with its history. */
export const importPayment: LineReader = async (parts, text) => {
  const opened = await openLine(parts, text);
  if ('problem' in opened) return opened;
  const payment = parts.importer.readPayment(opened.line);
  if ('problem' in payment) return payment;
  const prepared = await prepare(parts, payment, opened.line);
  if ('problem' in prepared) return prepared;
  const { card, operations } = payment;
  return {
    async store() {
      if (parts.dryRun || card.type === 'token') return 'stored';
      const { merchantId, cardId } = prepared;
      const lastMs = Math.max(...operations.map(({ createdAtMs }) => createdAtMs));
      const channel = await channelOf(parts, payment.wireId);
      return storeCard(parts.vault, {
        merchantId,
        cardId,
        pan: card.pan,
        purgeAtMs: purgeTime(lastMs, 'problem' in channel ? {} : channel, parts),
      });
    },
    async keep() {
      if (parts.dryRun) return outcomeOf((await parts.findImported(prepared)) ?? 'imported');
      try {
        return outcomeOf(await parts.payments.submit(prepared));
      } catch (error) {
        const problem = duplicateOf(error);
        if (problem === undefined) throw error;
        return { problem };
      }
    },
  };
};

async function prepare(
  parts: ImportParts,
  payment: ImportedPayment,
  line: unknown,
): Promise<PaymentToImport | { readonly problem: string }> {
  const channel = await channelOf(parts, payment.wireId);
  if ('problem' in channel) return channel;
  const { merchantId, channelId, accountId, currencies } = channel;
  const { currency } = payment;
  if (currencies !== undefined && !currencies.includes(currency)) return { problem: `currency: the channel does not have ${currency}` };
  const dated = dateProblem(payment, parts.nowMs);
  if (dated !== undefined) return { problem: dated };
  const history = replay(payment);
  if ('problem' in history) return history;
  const card = await cardOf(parts.vault, merchantId, payment, paymentIdOf({ history }));
  if (card === undefined) return { problem: 'registrationId: there is no such token; import the tokens first' };
  const contentMac = createHmac('sha256', parts.vault.deriveSecret('import content')).update(canonical(line)).digest();
  const messageTypes = payment.operations.map(({ kind, trace }) => trace.mti ?? mtiOf(kind));
  return { merchantId, channelId, accountId, currency, ...card, history, contentMac, messageTypes };
}

/** A terminal's numbers of today are still being given, here or there: they could come twice. */
function dateProblem({ operations }: ImportedPayment, nowMs: number): string | undefined {
  const todayMs = Math.floor(nowMs / dayMs) * dayMs;
  for (const { createdAtMs, trace } of operations) {
    if (createdAtMs > nowMs) return 'timestamp: it lies in the future';
    // The database has no year 0, and its refusal would end the whole import.
    if (Math.min(createdAtMs, trace.transmittedAtMs) < 0) return 'timestamp: it lies before 1970';
    if (trace.transmittedAtMs >= todayMs)
      return 'acquirer.transmittedAt: it is of today (UTC); import it tomorrow, when its day is complete';
  }
  return undefined;
}

async function cardOf(vault: OpenVault, merchantId: string, { card }: ImportedPayment, paymentId: string) {
  if (card.type === 'card') return { cardId: cardIdOf(`payment|${merchantId}|${paymentId}`), card: card.summary };
  const found = await vault.resolveToken({ merchantId, token: card.token });
  return found === undefined ? undefined : { cardId: found.cardId, card: found.summary, token: card.token };
}

async function openLine({ vault }: ImportParts, text: string): Promise<{ readonly line: unknown } | { readonly problem: string }> {
  try {
    const bytes = await vault.importKeys.open(text);
    return { line: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch (error) {
    if (error instanceof ImportKeyError) return { problem: error.message };
    // The parser's message quotes the text.
    if (error instanceof SyntaxError || error instanceof TypeError) return { problem: 'what is encrypted is no JSON in UTF-8' };
    throw error;
  }
}

async function channelOf({ dialect, directory }: ImportParts, wireId: string): Promise<Channel | { readonly problem: string }> {
  const channel = await directory.channel({ dialect, wireId });
  return channel ?? { problem: `entityId: there is no channel ${wireId}; make it with \`polygate channel create --wire-id ${wireId}\`` };
}

async function storeCard(vault: OpenVault, card: Parameters<OpenVault['store']>[0]): Promise<'stored' | { readonly problem: string }> {
  try {
    await vault.store(card);
    return 'stored';
  } catch (error) {
    if (error instanceof VaultConflictError) return { problem: otherContent };
    throw error;
  }
}

function outcomeOf(importation: Importation): LineOutcome {
  return importation === 'taken' ? { problem: otherContent } : importation;
}

function duplicateOf(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (code !== '23505') return undefined;
  if (constraint === 'acquirer_message_pkey') return 'acquirer.rrn: another operation of this merchant has it';
  if (String(constraint).includes('stan')) return 'acquirer.stan: another imported operation has this STAN on the same terminal and day';
  return 'id: an operation with this id, or with that of one of its operations, is there already';
}

/** The same for the same line, so that a repeated import finds what it stored: a UUID of version 8 (RFC 9562). */
function cardIdOf(name: string): string {
  return madeUuid(`polygate import|${name}`);
}

/** JSON with its names in order: the order of fields is no content. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
