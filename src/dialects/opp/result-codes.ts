/** Result codes with the texts that clients match on, and the HTTP status each one is sent with. */

/** Texts as the platform publishes them; wire values, not ours to improve. */
export const descriptions = {
  '000.000.000': 'Transaction succeeded',
  '000.000.100': 'successful request',
  '000.100.110': "Request successfully processed in 'Merchant in Integrator Test Mode'",
  '000.100.112': "Request successfully processed in 'Merchant in Connector Test Mode'",
  '000.100.200': 'Reason not Specified',
  '000.100.206': 'Revocation or Dispute',
  '000.100.220': 'Fraudulent Transaction',
  '000.100.221': 'Merchandise Not Received',
  '000.100.222': 'Transaction Not Recognized By Cardholder',
  '000.100.224': 'Duplicate Processing',
  '000.100.225': 'Credit Not Processed',
  '000.100.230': 'Unauthorised Charge',
  '000.100.299': 'Unspecified (Technical)',
  '000.200.000': 'transaction pending',
  '000.400.040': 'Transaction succeeded (please review manually due to amount mismatch)',
  '100.100.100': 'request contains no creditcard, bank account number or bank name',
  '100.100.101': 'invalid creditcard, bank account number or bank name',
  '100.100.200': 'request contains no month',
  '100.100.300': 'request contains no year',
  '100.100.303': 'card expired',
  '100.100.501': 'invalid credit card brand',
  '100.100.600': 'empty CVV for VISA,MASTER, AMEX not allowed',
  '100.100.601': 'invalid CVV/brand combination',
  '100.100.700': 'invalid cc number/brand combination',
  '100.150.101': 'invalid length for specified registration id (must be 32 chars)',
  '100.150.200': 'registration does not exist',
  '100.150.205': 'referenced registration does not contain an account',
  '100.550.300': 'request contains no amount or too low amount',
  '100.550.301': 'amount too large',
  '100.550.303': 'amount format invalid (only two decimals allowed).',
  '100.550.400': 'request contains no currency',
  '100.550.401': 'invalid currency',
  '100.550.701': 'amounts not matched',
  '100.900.500': 'invalid recurrence mode',
  '200.100.103': 'invalid Request Message. The request contains structural errors',
  '200.200.106': 'duplicate transaction. Please verify that the UUID is unique',
  '200.300.403': 'Invalid HTTP method',
  '200.300.404': 'invalid or missing parameter',
  '300.100.100': 'Transaction declined (additional customer authentication required)',
  '500.100.201': 'Channel/Merchant is disabled (no processing possible)',
  '600.200.201': 'Channel/Merchant not configured for this payment method',
  '600.200.400': 'Unsupported Payment Type',
  '600.200.500': 'Invalid payment data. You are not configured for this currency or sub type (country or brand)',
  '600.200.501': 'Invalid payment data for Recurring transaction. Merchant or transaction data has wrong recurring configuration.',
  '600.200.701': 'testMode not allowed on production',
  '700.100.100': 'reference id not existing',
  '700.100.500': 'referenced payment currency does not match with requested payment currency',
  '700.300.100': 'referenced tx can not be refunded, captured or reversed (invalid type)',
  '700.300.200': 'referenced tx was rejected',
  '700.300.300': 'referenced tx can not be refunded, captured or reversed (already refunded, captured or reversed)',
  '700.300.500': 'chargeback error (multiple chargebacks)',
  '700.300.600': 'referenced tx can not be refunded or reversed (was chargebacked)',
  '700.400.100': 'cannot capture (PA value exceeded, PA reverted or invalid workflow?)',
  '700.400.200': 'cannot refund (refund volume exceeded or tx reversed or invalid workflow?)',
  '700.400.300': 'cannot reverse (already refunded|reversed, invalid workflow or amount exceeded)',
  '700.400.400': 'cannot chargeback (already chargebacked or invalid workflow?)',
  '700.400.410': 'cannot reversal chargeback (chargeback is already reversaled or invalid workflow?)',
  '700.400.420': 'cannot reversal chargeback (no chargeback existing or invalid workflow?)',
  '700.400.510': 'capture needs at least one successful transaction of type (PA)',
  '700.400.520': 'refund needs at least one successful transaction of type (CP or DB or RB or RC)',
  '700.400.530': 'reversal needs at least one successful transaction of type (CP or DB or RB or PA)',
  '700.400.550': 'chargeback needs at least one successful transaction of type (CP or DB or RB)',
  '700.400.570': 'cannot reference a waiting/pending transaction',
  '700.400.580': 'cannot find transaction',
  '700.400.700': 'initial and referencing channel-ids do not match',
  '800.100.100': 'transaction declined for unknown reason',
  '800.100.151': 'transaction declined (invalid card)',
  '800.100.152': 'transaction declined by authorization system',
  '800.100.153': 'transaction declined (invalid CVV)',
  '800.100.154': 'transaction declined (transaction marked as invalid)',
  '800.100.155': 'transaction declined (amount exceeds credit)',
  '800.100.156': 'transaction declined (format error)',
  '800.100.157': 'transaction declined (wrong expiry date)',
  '800.100.158': 'transaction declined (suspecting manipulation)',
  '800.100.159': 'transaction declined (stolen card)',
  '800.100.160': 'transaction declined (card blocked)',
  '800.100.162': 'transaction declined (limit exceeded)',
  '800.100.163': 'transaction declined (maximum transaction frequency exceeded)',
  '800.100.164': 'transaction declined (merchants limit exceeded)',
  '800.100.165': 'transaction declined (card lost)',
  '800.100.166': 'transaction declined (Incorrect personal identification number)',
  '800.100.168': 'transaction declined (restricted card)',
  '800.100.169': 'transaction declined (card type is not processed by the authorization center)',
  '800.100.170': 'transaction declined (transaction not permitted)',
  '800.100.171': 'transaction declined (pick up card)',
  '800.100.172': 'transaction declined (account blocked)',
  '800.100.174': 'transaction declined (invalid amount)',
  '800.100.176': 'transaction declined (account temporarily not available. Please try again later)',
  '800.100.190': 'transaction declined (invalid configuration data)',
  '800.100.191': 'transaction declined (transaction in wrong state on aquirer side)',
  '800.100.195': 'transaction declined (UserAccount Number/ID unknown)',
  '800.100.197': 'transaction declined (registration cancelled externally)',
  '800.110.100': 'duplicate transaction',
  '800.120.101': 'maximum number of transactions per account already exceeded',
  '800.200.160': 'account or user is blacklisted (card blocked)',
  '800.600.100': 'transaction is being already processed',
  '800.700.100': 'transaction for the same session is currently being processed, please try again later.',
  '800.800.800': 'The payment system is currenty unavailable, please contact support in case this happens again.',
  '800.900.300': 'invalid authentication information',
  '900.100.201': 'error on the external gateway (e.g. on the part of the bank, acquirer,...)',
  '900.100.301': 'Transaction timed out without response from connector/acquirer. It was reversed.',
  '900.100.310': 'Transaction timed out due to internal system misconfiguration. Request to acquirer has not been sent.',
  '900.100.600': 'connector/acquirer currently down',
  '999.999.999': 'UNDEFINED CONNECTOR/ACQUIRER ERROR',
} as const;

export type ResultCode = keyof typeof descriptions;

export interface Result {
  readonly code: string;
  readonly description: string;
}

export function resultOf(code: ResultCode): Result {
  return { code, description: descriptions[code] };
}

/** Classes of codes as the platform publishes them: success, success to be reviewed, chargeback reasons, pending. */
const answeredWith200 =
  /^(000\.000\.|000\.100\.[12]|000\.[36]|000\.400\.1[12]0|000\.400\.0[^3]|000\.400\.100|000\.200|800\.400\.5|100\.400\.500)/;

/** What the platform could not do is 5xx; a decline, a rejection and whatever is wrong with a request is 400. */
export function httpStatusOf(code: string): 200 | 400 | 500 | 503 {
  if (answeredWith200.test(code)) return 200;
  if (code === '999.999.999') return 500;
  if (code === '800.800.800' || code === '800.800.801') return 503;
  return 400;
}
