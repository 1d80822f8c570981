/** What a run that has ended means for its payment: it is sent, with what evidence there is, or it is refused. */
import type { Channel } from '../merchant/channel.ts';
import type { ShopperFailure } from '../payment/operation.ts';
import type { Authentication, AuthenticationEvidence, Exemption } from './authentication.ts';

export type Verdict =
  | { readonly kind: 'send'; readonly evidence?: AuthenticationEvidence }
  | { readonly kind: 'refuse'; readonly reason: ShopperFailure };

/** Rules that begin so say that the directory server could not be asked. */
export const directoryRule = 'directory/';

const send = ({ eci, dsTransactionId, version }: Authentication): Verdict => ({
  kind: 'send',
  evidence: { version, ...(eci === undefined ? {} : { eci }), ...(dsTransactionId === undefined ? {} : { dsTransactionId }) },
});

const refuse = (reason: ShopperFailure): Verdict => ({ kind: 'refuse', reason });

/** Codes of `challengeCancel` that mean time: decoupled, at the issuer, before its page was opened, in the app. */
const tooSlow = ['03', '04', '05', '08'];

/** Why a run has failed, for whoever has to be told. */
export function failureOf({
  state,
  challengeCancel = '',
}: Pick<Authentication, 'challengeCancel'> & { readonly state: 'failed' | 'forbidden' | 'expired' }): ShopperFailure {
  if (state === 'forbidden') return 'authentication_forbidden';
  if (state === 'expired' || tooSlow.includes(challengeCancel)) return 'shopper_timed_out';
  return challengeCancel === '01' ? 'shopper_canceled' : 'authentication_failed';
}

/**
 * The exemption that goes into the authorization: the one that was asked for, unless an authentication stands in its place. What an issuer has answered
 * without bearing the loss is the exemption granted; a proof that came with the payment was given by nobody who was asked for one.
 */
export function exemptionOf({
  state,
  request,
  transStatus,
  shiftsLiability,
}: Pick<Authentication, 'state' | 'request' | 'transStatus' | 'shiftsLiability'>): Exemption | undefined {
  if (shiftsLiability) return undefined;
  const isBrought = state === 'authenticated' && transStatus === undefined;
  return isBrought ? undefined : request.exemption;
}

/** Undefined while the run is open. A failed or forbidden authentication is never sent, whatever a channel is set to. */
export function verdictOf(run: Authentication, channel: Pick<Channel, 'withoutAuthentication'>): Verdict | undefined {
  switch (run.state) {
    case 'ready':
    case 'method':
    case 'asked':
    case 'challenged':
      return undefined;
    case 'not_enrolled':
      return { kind: 'send' };
    case 'authenticated':
    case 'attempted':
    case 'informed':
      return run.permission === 'never' ? refuse('authentication_forbidden') : send(run);
    case 'unavailable':
      if (channel.withoutAuthentication !== 'stop' && run.request.mustAuthenticate !== true) return send(run);
      return refuse(run.rule?.startsWith(directoryRule) === true ? 'directory_unreachable' : 'authentication_unavailable');
    case 'failed':
    case 'forbidden':
    case 'expired':
      return refuse(failureOf({ ...run, state: run.state }));
  }
}
