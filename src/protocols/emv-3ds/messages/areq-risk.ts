/** What an AReq may tell about the cardholder, the account, the goods and earlier authentications. All of it is optional in the protocol. */

import { present } from '../conditions.ts';
import {
  COUNTRY,
  CURRENCY,
  code,
  DATE,
  DATE_MINUTE,
  digits,
  EMAIL,
  FLAG,
  list,
  object,
  openCode,
  text,
  upTo,
  YEAR_MONTH,
} from '../formats.ts';
import { row, SINCE_2_2, SINCE_2_3, UNTIL_2_2 } from '../rule.ts';

/** Country code and number. */
const PHONE = object([row('cc', digits(1, 3), 'required'), row('subscriber', digits(1, 15), 'required')]);

const ACCOUNT_INFO = object([
  row('chAccAgeInd', code(...upTo(5))),
  row('chAccChange', DATE),
  row('chAccChangeInd', code(...upTo(4))),
  row('chAccDate', DATE),
  row('chAccPwChange', DATE),
  row('chAccPwChangeInd', code(...upTo(5))),
  row('chAccReqID', text(64), 'optional', { versions: SINCE_2_3 }),
  row('nbPurchaseAccount', digits(1, 4)),
  row('provisionAttemptsDay', digits(1, 3)),
  row('txnActivityDay', digits(1, 3)),
  row('txnActivityYear', digits(1, 3)),
  row('paymentAccAge', DATE),
  row('paymentAccInd', code(...upTo(5))),
  row('shipAddressUsage', DATE),
  row('shipAddressUsageInd', code(...upTo(4))),
  row('shipNameIndicator', code('01', '02')),
  row('suspiciousAccActivity', code('01', '02')),
]);

const MERCHANT_RISK = object([
  row('deliveryEmailAddress', EMAIL),
  row('deliveryTimeframe', code(...upTo(4))),
  // Major units, unlike every other amount of the protocol.
  row('giftCardAmount', digits(1, 15)),
  row('giftCardCount', digits(2)),
  row('giftCardCurr', CURRENCY),
  row('preOrderDate', DATE),
  row('preOrderPurchaseInd', code('01', '02')),
  row('reorderItemsInd', code('01', '02')),
  row('shipIndicator', code(...upTo(7)), 'optional', { versions: UNTIL_2_2 }),
  row('shipIndicator', code(...upTo(9)), 'optional', { versions: SINCE_2_3 }),
  row('transChar', list(code('01', '02'), 2), 'optional', { versions: SINCE_2_3 }),
]);

const AUTHENTICATION = object([
  row('threeDSReqAuthMethod', openCode(...upTo(8))),
  row('threeDSReqAuthData', text(20_000)),
  row('threeDSReqAuthTimestamp', DATE_MINUTE),
]);

const PRIOR_AUTHENTICATION = object([
  row('threeDSReqPriorAuthMethod', openCode(...upTo(4))),
  // The acsTransID of the earlier authentication.
  row('threeDSReqPriorRef', text(36)),
  row('threeDSReqPriorAuthData', text(2048)),
  row('threeDSReqPriorAuthTimestamp', DATE_MINUTE),
]);

/** A part of the AReq's table. */
export const AREQ_RISK = [
  row('cardExpiryDate', YEAR_MONTH),
  row('cardholderName', text(45, 2)),
  row('email', EMAIL),
  row('homePhone', PHONE),
  row('mobilePhone', PHONE),
  row('workPhone', PHONE),
  row('billAddrCity', text(50)),
  row('billAddrCountry', COUNTRY, present('billAddrState')),
  row('billAddrLine1', text(50)),
  row('billAddrLine2', text(50)),
  row('billAddrLine3', text(50)),
  row('billAddrPostCode', text(16)),
  row('billAddrState', text(3)),
  row('shipAddrCity', text(50)),
  row('shipAddrCountry', COUNTRY, present('shipAddrState')),
  row('shipAddrLine1', text(50)),
  row('shipAddrLine2', text(50)),
  row('shipAddrLine3', text(50)),
  row('shipAddrPostCode', text(16)),
  row('shipAddrState', text(3)),
  row('addrMatch', code('Y', 'N')),
  row('acctID', text(64)),
  row('acctType', openCode('01', '02', '03')),
  row('acctInfo', ACCOUNT_INFO),
  row('merchantRiskIndicator', MERCHANT_RISK),
  row('threeDSRequestorAuthenticationInfo', AUTHENTICATION, 'optional', { versions: UNTIL_2_2 }),
  row('threeDSRequestorAuthenticationInfo', list(AUTHENTICATION, 10), 'optional', { versions: SINCE_2_3 }),
  row('threeDSRequestorPriorAuthenticationInfo', PRIOR_AUTHENTICATION, 'optional', { versions: UNTIL_2_2 }),
  row('threeDSRequestorPriorAuthenticationInfo', list(PRIOR_AUTHENTICATION, 3), 'optional', { versions: SINCE_2_3 }),
  row('payTokenInd', FLAG),
  row('payTokenSource', openCode('01', '02'), present('payTokenInd')),
  row('whiteListStatus', code('Y', 'N'), 'optional', { versions: ['2.2.0'] }),
  row('whiteListStatusSource', openCode('01', '02', '03'), present('whiteListStatus'), { versions: ['2.2.0'] }),
  row('trustListStatus', code('Y', 'N'), 'optional', { versions: SINCE_2_3 }),
  row('trustListStatusSource', openCode('01', '02', '03'), present('trustListStatus'), { versions: SINCE_2_3 }),
  row('threeDSReqAuthMethodInd', openCode('01', '02', '03'), 'optional', { versions: ['2.2.0'] }),
  row('threeDSRequestorDecReqInd', code('Y', 'N'), 'optional', { versions: ['2.2.0'] }),
  row('threeDSRequestorDecReqInd', code('Y', 'N', 'F', 'B'), 'optional', { versions: SINCE_2_3 }),
  row(
    'threeDSRequestorDecMaxTime',
    { ...digits(5), pattern: /^(0000[1-9]|000[1-9][0-9]|00[1-9][0-9]{2}|0[1-9][0-9]{3}|100[0-7][0-9]|10080)$/ },
    { element: 'threeDSRequestorDecReqInd', in: ['Y', 'F', 'B'] },
    { versions: SINCE_2_2 },
  ),
] as const;
