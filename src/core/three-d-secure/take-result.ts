/**
 * The result of a challenge, as the directory server brings it: the only word that counts. It is answered when it is recorded, since the issuer lets the
 * shopper go only then; the payment goes on behind the answer.
 */
import { advance } from '../payment/advance.ts';
import type { Engine } from '../payment/engine.ts';
import { isOpen } from '../states/authentication.ts';
import type { Authentication, AuthenticationResult } from './authentication.ts';
import { finish } from './run.ts';
import type { BroughtResult } from './three-ds-server.ts';
import { readTicket } from './tickets.ts';
import type { Visit } from './visit.ts';

/** The answer's body; undefined for an address that the gateway has given to nobody. */
export async function takeResult(
  engine: Engine,
  { ticket: text, body }: { readonly ticket: string; readonly body: Uint8Array },
): Promise<string | undefined> {
  const { shoppers, log } = engine;
  const ticket = readTicket(shoppers, text);
  if (shoppers.server === undefined || ticket?.purpose !== 'result') return undefined;
  const brought = shoppers.server.readResult(body);
  if (brought.kind === 'unusable') {
    log.warn({ authenticationId: ticket.id, problem: brought.problem }, 'a result of a challenge cannot be used');
    return brought.refusal;
  }
  try {
    const merchantId = await shoppers.visits.merchantOf(ticket.routingNumber);
    const visit =
      merchantId === undefined ? undefined : await shoppers.visits.findByAuthentication({ merchantId, authenticationId: ticket.id });
    if (visit === undefined || !isAbout(brought, visit.authentication)) {
      log.warn({ authenticationId: ticket.id }, 'a result of a challenge names another transaction; it was refused');
      return brought.refusal('unknown_transaction');
    }
    return await record(engine, visit, brought);
  } catch (error) {
    log.error({ authenticationId: ticket.id, error: String(error) }, 'a result of a challenge could not be recorded; it was refused');
    return brought.refusal('try_again');
  }
}

type Brought = Extract<BroughtResult, { readonly kind: 'result' }>;

/** All ids and the version are those of the run: of them only the directory server knows its own. */
function isAbout(brought: Brought, run: Authentication): boolean {
  return (
    isSameUuid(brought.authenticationId, run.authenticationId) &&
    isSameUuid(brought.acsTransactionId, run.acsTransactionId) &&
    isSameUuid(brought.dsTransactionId, run.dsTransactionId) &&
    brought.version === run.version
  );
}

/** Some write them in capitals, and not all of them in the same way each time. */
function isSameUuid(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

async function record(engine: Engine, visit: Visit, brought: Brought): Promise<string> {
  const { merchantId, visitId, authentication } = visit;
  const result = brought.resultFor(authentication.request);
  if (authentication.state === 'challenged' && (await finish(engine, authentication, result))) {
    void advance(engine, { merchantId, visitId }).catch((error: unknown) => {
      engine.log.warn({ visitId, error: String(error) }, 'a payment could not go on after its challenge yet; it is due');
    });
    return brought.received;
  }
  const { authenticationId } = authentication;
  const now = await engine.shoppers.visits.findByAuthentication({ merchantId, authenticationId });
  return answerLate(engine, now?.authentication ?? authentication, brought, result);
}

/** The same result again gets the same answer; one that comes after the end is noted, and changes nothing. */
async function answerLate(engine: Engine, run: Authentication, brought: Brought, { status }: AuthenticationResult): Promise<string> {
  const { merchantId, authenticationId } = run;
  if (isOpen(run.state)) return brought.refusal('try_again');
  if (run.transStatus === status && run.rule !== 'canceled') return brought.received;
  const endedHere = run.state === 'expired' || run.rule === 'canceled';
  engine.log.warn({ authenticationId, status, state: run.state }, 'a result of a challenge came after the end of its run');
  if (!endedHere) return brought.refusal('other_result');
  await engine.shoppers.visits.noteLateResult({ merchantId, authenticationId, status });
  return brought.received;
}
