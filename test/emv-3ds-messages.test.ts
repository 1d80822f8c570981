/** EMV 3-D Secure messages against the facts of the specification: what must be there, how long it may be, and which error says what. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { build, withoutMisfits } from '../src/protocols/emv-3ds/build.ts';
import type { AReq, Message, RRes } from '../src/protocols/emv-3ds/message.ts';
import { type ParseOptions, parse } from '../src/protocols/emv-3ds/parse.ts';
import { erroOf } from '../src/protocols/emv-3ds/problem.ts';
import { ACS_ID, aReq, aRes, DS_ID, type Fields, rReq, SERVER_ID } from './harness/three-ds-samples.ts';

/** `ok`, or the error's code and detail. */
function verdict(message: unknown, options: ParseOptions = {}): string {
  const parsed = parse(typeof message === 'string' ? message : JSON.stringify(message), options);
  return parsed.ok ? 'ok' : `${parsed.problem.errorCode} ${parsed.problem.errorDetail}`;
}

/** The message as it would stand after JSON, for typed places. */
const typed = <M extends Message>(fields: Fields): M => fields as unknown as M;

describe('AReq of the browser channel', () => {
  // Required of every payment in a browser, 2.2.0.
  const required = `messageVersion messageCategory deviceChannel threeDSServerTransID threeDSServerRefNumber threeDSServerURL threeDSRequestorID
    threeDSRequestorName threeDSRequestorURL acctNumber acquirerBIN acquirerMerchantID mcc merchantCountryCode merchantName purchaseAmount
    purchaseCurrency purchaseExponent purchaseDate browserAcceptHeader browserUserAgent browserLanguage browserJavascriptEnabled notificationURL
    threeDSCompInd threeDSRequestorAuthenticationInd browserJavaEnabled browserColorDepth browserScreenHeight browserScreenWidth browserTZ`;
  for (const name of required.split(/\s+/)) {
    test(`needs ${name}`, () => {
      const { [name]: _gone, ...rest } = aReq();
      // Without a channel nothing else can be said about the browser, without a category nothing about the purchase.
      assert.match(verdict(rest), new RegExp(`^201 (.*,)?${name}(,|$)`));
    });
  }

  test('is whole as it is, in each version', () => {
    assert.equal(verdict(aReq()), 'ok');
    assert.equal(verdict({ ...aReq(), messageVersion: '2.1.0' }), 'ok');
    assert.equal(verdict(aReq('2.3.1')), 'ok');
    const { acceptLanguage: _languages, ...rest } = aReq('2.3.1');
    assert.equal(verdict(rest), '201 acceptLanguage');
    const { acquirerCountryCode: _country, acquirerCountryCodeSource: _source, ...others } = aReq('2.3.1');
    assert.equal(verdict(others), '201 acquirerCountryCode,acquirerCountryCodeSource');
  });

  test('needs nothing of a browser that runs no script', () => {
    const { browserJavaEnabled: _java, browserColorDepth: _depth, browserScreenHeight: _height, ...rest } = aReq();
    const { browserScreenWidth: _width, browserTZ: _zone, ...bare } = rest;
    assert.equal(verdict({ ...bare, browserJavascriptEnabled: false }), 'ok');
    assert.match(verdict({ ...bare, messageVersion: '2.1.0' }), /^201 browserJavaEnabled/);
  });

  // Name, a longest right value, and values that are wrong.
  const formats: readonly (readonly [name: string, right: readonly unknown[], wrong: readonly unknown[]])[] = [
    ['acctNumber', ['4'.repeat(13), '4'.repeat(19)], ['4'.repeat(12), '4'.repeat(20), '4242 4242 4242 4242', 4242424242424242]],
    ['threeDSServerTransID', [SERVER_ID.toUpperCase()], [SERVER_ID.slice(1), `${SERVER_ID.slice(0, -1)}g`, SERVER_ID.replaceAll('-', '')]],
    ['threeDSRequestorID', ['x'.repeat(35)], ['x'.repeat(36), '']],
    ['threeDSRequestorName', ['é'.repeat(40)], ['x'.repeat(41)]],
    ['threeDSServerRefNumber', ['x'.repeat(32)], ['x'.repeat(33)]],
    [
      'threeDSServerURL',
      [`https://a.example/${'x'.repeat(2030)}`],
      [`https://a.example/${'x'.repeat(2031)}`, 'a.example', 'ftp://a.example'],
    ],
    [
      'notificationURL',
      [`https://a.example/${'x'.repeat(238)}`],
      [`https://a.example/${'x'.repeat(239)}`, 'javascript:alert(1)', 'https://a b'],
    ],
    ['acquirerBIN', ['1'.repeat(11)], ['1'.repeat(12)]],
    ['acquirerMerchantID', ['x'.repeat(35)], ['x'.repeat(36)]],
    ['merchantName', ['x'.repeat(40)], ['x'.repeat(41)]],
    ['mcc', ['5999'], ['599', '59999', 'ABCD']],
    ['purchaseAmount', ['0', '9'.repeat(48)], ['9'.repeat(49), '12.34', '-1', 1234]],
    ['purchaseExponent', ['0', '3'], ['12', '']],
    ['purchaseDate', ['20261231235959'], ['20261301000000', '20261231245959', '2026123123595', '20261232000000']],
    ['transType', ['01', '03', '10', '11', '28'], ['02', '1']],
    ['browserLanguage', ['zh-Hant'], ['en-GB-oxendict', '']],
    ['browserJavaEnabled', [true], ['true', 1, null]],
    ['browserColorDepth', ['1', '4', '8', '15', '16', '24', '32', '48'], ['30', 24, '2']],
    ['browserScreenHeight', ['999999'], ['1000000', '-1', 1080]],
    ['browserTZ', ['0', '+720', '-720', '9999'], ['1:00', '12345', '+']],
    ['browserIP', ['192.0.2.1', '2001:db8:0:0:0:0:192.0.2.1'], ['x'.repeat(46), 'localhost', '']],
    ['browserUserAgent', ['x'.repeat(2048)], ['x'.repeat(2049)]],
    ['threeDSCompInd', ['Y', 'N', 'U'], ['y', '1']],
    ['threeDSRequestorChallengeInd', ['01', '09', '82'], ['10', '1', ['01']]],
    ['threeDSRequestorAuthenticationInd', ['01', '04', '06'], ['07', '00']],
    ['cardExpiryDate', ['3012'], ['3013', '3000', '12/30']],
    ['cardholderName', ['Al', 'x'.repeat(45)], ['A', 'x'.repeat(46)]],
    ['email', ['a@b.example', `${'x'.repeat(244)}@b.example`.slice(-254)], ['a.b.example', `${'x'.repeat(254)}@b.example`]],
    ['mobilePhone', [{ cc: '49', subscriber: '1512345678' }], [{ cc: '+49', subscriber: '1' }, { cc: '49' }, {}, '491512345678']],
    ['billAddrPostCode', ['x'.repeat(16)], ['x'.repeat(17)]],
    ['addrMatch', ['Y', 'N'], ['X']],
    ['acctType', ['01', '03', '80'], ['04']],
    ['acctInfo', [{ chAccAgeInd: '05', chAccDate: '20200229' }], [{ chAccAgeInd: '06' }, { chAccDate: '2020' }]],
    ['merchantRiskIndicator', [{ giftCardCount: '02', giftCardCurr: '978' }], [{ giftCardCount: '2' }, { shipIndicator: '08' }]],
    ['threeDSRequestorAuthenticationInfo', [{ threeDSReqAuthMethod: '02', threeDSReqAuthTimestamp: '202611210915' }], [[{}], 'x']],
  ];
  for (const [name, right, wrong] of formats) {
    test(`${name}: what fits and what does not`, () => {
      for (const value of right) assert.equal(verdict({ ...aReq(), [name]: value }), 'ok', JSON.stringify(value));
      for (const value of wrong) {
        const result = verdict({ ...aReq(), [name]: value });
        assert.match(result, new RegExp(`^(203|201) ${name}`), `${JSON.stringify(value)}: ${result}`);
      }
    });
  }
});

describe('conditions between elements', () => {
  const table: readonly (readonly [about: string, message: Fields, expected: string])[] = [
    [
      'instalments need their number, end and frequency',
      { ...aReq(), threeDSRequestorAuthenticationInd: '03' },
      '201 purchaseInstalData,recurringExpiry,recurringFrequency',
    ],
    ['recurring needs end and frequency', { ...aReq(), threeDSRequestorAuthenticationInd: '02' }, '201 recurringExpiry,recurringFrequency'],
    ['one instalment is none', { ...aReq(), purchaseInstalData: '001' }, '203 purchaseInstalData'],
    ['a state needs its country', { ...aReq(), billAddrState: 'BY' }, '201 billAddrCountry'],
    ['a state with its country', { ...aReq(), billAddrState: 'BY', billAddrCountry: '276' }, 'ok'],
    ['a token needs its source', { ...aReq(), payTokenInd: true }, '201 payTokenSource'],
    ['decoupled needs a time', { ...aReq(), threeDSRequestorDecReqInd: 'Y' }, '201 threeDSRequestorDecMaxTime'],
    [
      'at most a week of it',
      { ...aReq(), threeDSRequestorDecReqInd: 'Y', threeDSRequestorDecMaxTime: '10081' },
      '203 threeDSRequestorDecMaxTime',
    ],
    ['a trust status needs its source', { ...aReq(), whiteListStatus: 'Y' }, '201 whiteListStatusSource'],
    [
      'an authentication without payment needs no amount',
      without(aReq(), { messageCategory: '02', threeDSRequestorAuthenticationInd: '04' }, 'purchaseAmount', 'mcc'),
      'ok',
    ],
    [
      'but a recurring one does',
      without(
        aReq(),
        { messageCategory: '02', threeDSRequestorAuthenticationInd: '02', recurringExpiry: '20271231', recurringFrequency: '28' },
        'purchaseAmount',
      ),
      '201 purchaseAmount',
    ],
    ['without a shopper the reason is required', { ...aReq(), deviceChannel: '03' }, '201 threeRIInd'],
    [
      'a challenge wish without a shopper is tolerated',
      {
        ...aReq(),
        deviceChannel: '03',
        threeRIInd: '01',
        recurringExpiry: '20271231',
        recurringFrequency: '28',
        threeDSRequestorChallengeInd: '04',
      },
      'ok',
    ],
    [
      'an app needs its own elements',
      { ...aReq(), deviceChannel: '01' },
      '201 deviceRenderOptions,sdkAppID,sdkEphemPubKey,sdkMaxTimeout,sdkReferenceNumber,sdkTransID',
    ],
    [
      '2.3.1 has lists where 2.2.0 had single values',
      { ...aReq('2.3.1'), threeDSRequestorChallengeInd: '04' },
      '203 threeDSRequestorChallengeInd',
    ],
    [
      'a value kept for later has an error of its own since 2.3.1',
      { ...aReq('2.3.1'), threeDSRequestorChallengeInd: ['15'] },
      '207 threeDSRequestorChallengeInd',
    ],
    ['https only since 2.3.1', { ...aReq('2.3.1'), notificationURL: 'http://shop.example/' }, '203 notificationURL'],
    ['http before', { ...aReq(), notificationURL: 'http://shop.example/' }, 'ok'],
    ['a country that is none', { ...aReq(), merchantCountryCode: '901' }, '304 merchantCountryCode'],
    ['a currency that is none', { ...aReq(), purchaseCurrency: '955' }, '304 purchaseCurrency'],
    ['gold is no currency to pay in', { ...aReq(), purchaseCurrency: '959' }, '304 purchaseCurrency'],
    ['a category that is none', { ...aReq(), mcc: '0000' }, '306 mcc'],
  ];
  for (const [about, message, expected] of table) test(about, () => assert.equal(verdict(message), expected));
});

function without(message: Fields, changes: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries({ ...message, ...changes }).filter(([name]) => !names.includes(name)));
}

describe('the message as a whole', () => {
  const json = JSON.stringify(aReq());
  const table: readonly (readonly [about: string, text: string | Fields, expected: string, options?: ParseOptions])[] = [
    ['no JSON', 'hello', '101 not JSON'],
    ['no object', '[]', '101 not a JSON object'],
    ['a byte order mark', `\uFEFF${json}`, '101 not JSON'],
    ['no type', without(aReq(), {}, 'messageType'), '101 messageType'],
    ['a type nobody knows', { ...aReq(), messageType: 'BReq' }, '101 messageType'],
    ['a type that is not for here', json, '101 messageType', { expected: ['RReq'] }],
    ['a version that was switched off', { ...aReq(), messageVersion: '2.1.0' }, '102 messageVersion', { versions: ['2.2.0'] }],
    ['a version of the past', { ...aReq(), messageVersion: '1.0.2' }, '102 messageVersion'],
    ['a version that is none', { ...aReq(), messageVersion: '2.2' }, '203 messageVersion'],
    ['an element twice', json.replace('"mcc"', '"mcc":"5999","mcc"'), '204 mcc'],
    ['an element twice, once in disguise', json.replace('"mcc"', '"\\u006dcc":"5999","mcc"'), '204 mcc'],
    [
      'an inner element twice',
      json.replace('"mcc"', '"acctInfo":{"chAccAgeInd":"01","chAccAgeInd":"02"},"mcc"'),
      '204 acctInfo.chAccAgeInd',
    ],
    [
      'the same name in two objects',
      json.replace('"mcc"', '"homePhone":{"cc":"49","subscriber":"1"},"workPhone":{"cc":"49","subscriber":"2"},"mcc"'),
      'ok',
    ],
    ['an optional element that is empty', { ...aReq(), email: '' }, '203 email'],
    ['an optional element that is null', { ...aReq(), email: null }, '203 email'],
    ['missing weighs more than malformed', { ...without(aReq(), {}, 'mcc'), email: '' }, '201 mcc'],
    ['an unknown critical extension', { ...aReq(), messageExtension: [extension(true)] }, '202 messageExtension'],
    ['a known critical extension', { ...aReq(), messageExtension: [extension(true)] }, 'ok', { knownExtensions: ['A000000004-x'] }],
    ['an unknown extension that is not critical', { ...aReq(), messageExtension: [extension(false)] }, 'ok'],
    ['eleven extensions', { ...aReq(), messageExtension: Array.from({ length: 11 }, () => extension(false)) }, '203 messageExtension'],
    [
      'an extension that is too long',
      { ...aReq(), messageExtension: [{ ...extension(false), data: 'x'.repeat(8059) }] },
      '203 messageExtension.data',
    ],
    ['a name that is a card number', json.replace('"mcc"', '"x4242424242424242":1,"x4242424242424242":2,"mcc"'), '204 an unknown element'],
  ];
  for (const [about, text, expected, options] of table) test(about, () => assert.equal(verdict(text, options), expected));

  test('unknown elements are dropped when read and refused when written', () => {
    const parsed = parse(JSON.stringify({ ...aReq(), colour: 'blue', trustListStatus: 'Y' }));
    assert.ok(parsed.ok && !('colour' in parsed.message) && !('trustListStatus' in parsed.message));
    const built = build(typed({ ...aReq(), colour: 'blue', threeRIInd: '05' }));
    assert.deepEqual(!built.ok && built.findings.map(({ path }) => path), ['threeRIInd', 'colour']);
  });
});

function extension(criticalityIndicator: boolean): Fields {
  return {
    name: 'x',
    id: 'A000000004-x',
    criticalityIndicator,
    data: { version: '1' },
  };
}

describe('answers are held to what was asked', () => {
  const areq = typed<AReq>(aReq());
  const wishing = (threeDSRequestorChallengeInd: string): AReq => typed({ ...aReq(), threeDSRequestorChallengeInd });
  const challenge = { transStatus: 'C', acsChallengeMandated: 'N', authenticationType: '02', acsURL: 'https://acs.example/' };
  const shopperless = typed<AReq>({ ...aReq(), deviceChannel: '03', threeRIInd: '05' });
  const table: readonly (readonly [about: string, message: Fields, areq: AReq, expected: string])[] = [
    ['frictionless', aRes(), areq, 'ok'],
    ['no evidence', without(aRes(), {}, 'authenticationValue'), areq, '201 authenticationValue'],
    ['evidence of the wrong length', { ...aRes(), authenticationValue: 'AAAA' }, areq, '203 authenticationValue'],
    [
      'no evidence where there was no payment',
      without(aRes(), {}, 'authenticationValue'),
      typed({ ...aReq(), messageCategory: '02' }),
      'ok',
    ],
    ['no status', without(aRes(), {}, 'transStatus'), areq, '201 transStatus'],
    ['a refusal without a reason', { ...aRes(), transStatus: 'N' }, areq, '201 transStatusReason'],
    ['a refusal', { ...aRes(), transStatus: 'N', transStatusReason: '26' }, areq, 'ok'],
    ['a reason of later versions', { ...aRes(), transStatus: 'N', transStatusReason: '27' }, areq, '203 transStatusReason'],
    ['a challenge', { ...aRes(), ...challenge }, areq, 'ok'],
    ['a challenge that leads nowhere', without(aRes(), challenge, 'acsURL'), areq, '201 acsURL'],
    ['a challenge of nobody', { ...aRes(), ...challenge }, shopperless, '305 transStatus'],
    ['a challenge where only data was shared', { ...aRes(), ...challenge }, wishing('06'), '305 transStatus'],
    ['decoupled, which was not asked for', { ...aRes(), ...challenge, transStatus: 'D', acsDecConInd: 'N' }, areq, '305 transStatus'],
    [
      'decoupled with a text to show, and without the text',
      { ...aRes(), ...challenge, transStatus: 'D', acsDecConInd: 'Y' },
      areq,
      '201 cardholderInfo',
    ],
    ['informational', { ...aRes(), transStatus: 'I' }, wishing('05'), 'ok'],
    ['informational, which was not asked for', { ...aRes(), transStatus: 'I' }, areq, '305 transStatus'],
    ['a foreign transaction', { ...aRes(), threeDSServerTransID: DS_ID }, areq, '301 threeDSServerTransID'],
    ['another version', { ...aRes(), messageVersion: '2.1.0' }, areq, '203 messageVersion'],
    ['a status of later versions', { ...aRes(), transStatus: 'S' }, areq, '203 transStatus'],
  ];
  for (const [about, message, inReplyTo, expected] of table) {
    test(`ARes: ${about}`, () => assert.equal(verdict(message, { expected: ['ARes', 'Erro'], inReplyTo }), expected));
  }

  test('RReq and RRes mirror all three transactions', () => {
    const ares = typed<Message>({ ...aRes(), ...challenge });
    assert.equal(verdict(rReq(), { expected: ['RReq'], inReplyTo: ares }), 'ok');
    for (const name of ['threeDSServerTransID', 'acsTransID', 'dsTransID']) {
      assert.equal(verdict({ ...rReq(), [name]: 'ffffffff-ffff-4fff-bfff-ffffffffffff' }, { inReplyTo: ares }), `301 ${name}`);
    }
    assert.equal(verdict({ ...rReq(), transStatus: 'C' }), '203 transStatus');
    assert.equal(verdict({ ...rReq(), transStatus: 'N', transStatusReason: '14', challengeCancel: '05' }), 'ok');
    const rres = { messageType: 'RRes', messageVersion: '2.2.0', threeDSServerTransID: SERVER_ID, acsTransID: ACS_ID, dsTransID: DS_ID };
    assert.equal(verdict(rres), '201 resultsStatus');
    assert.equal(verdict({ ...rres, resultsStatus: '01' }, { inReplyTo: typed(rReq()) }), 'ok');
    assert.equal(verdict({ ...rres, resultsStatus: '04' }), '203 resultsStatus');
    const built = build(typed<RRes>({ ...rres, resultsStatus: '01' }));
    assert.deepEqual(built.ok && JSON.parse(built.text), { ...rres, resultsStatus: '01' });
  });
});

describe('writing', () => {
  test('what is written is what was meant, and old versions are not offered', () => {
    const built = build(typed(aReq()));
    assert.deepEqual(built.ok && JSON.parse(built.text), aReq());
    const old = build(typed({ ...aReq(), messageVersion: '2.1.0' }));
    assert.deepEqual(!old.ok && old.findings.map(({ path }) => path), ['messageVersion']);
  });

  test('an Erro names codes, elements and transactions, and no values', () => {
    const parsed = parse(JSON.stringify({ ...aReq(), acctNumber: '4242 4242 4242 4242', mcc: '1' }));
    assert.ok(!parsed.ok);
    const built = build(erroOf(parsed.problem, 'D'));
    assert.deepEqual(built.ok && JSON.parse(built.text), {
      messageType: 'Erro',
      errorCode: '203',
      errorDescription: 'Format of one or more elements is invalid according to the specification',
      errorDetail: 'acctNumber,mcc',
      errorMessageType: 'AReq',
      messageVersion: '2.2.0',
      threeDSServerTransID: SERVER_ID,
      errorComponent: 'D',
    });
    assert.equal(built.ok && verdict(built.text, { expected: ['Erro'] }), 'ok');
  });

  test('what does not fit and is not needed is left out', () => {
    const odd = typed<AReq>({
      ...aReq(),
      email: 'nobody',
      billAddrState: 'Bavaria',
      billAddrCountry: '276',
      homePhone: { cc: '49', subscriber: 'x' },
    });
    const { message, left } = withoutMisfits(odd);
    assert.deepEqual([...left].sort(), ['billAddrState', 'email', 'homePhone']);
    assert.equal(build(message).ok, true);
    const broken = withoutMisfits(typed<AReq>({ ...aReq(), merchantName: 'x'.repeat(41), email: 'nobody' }));
    const built = build(broken.message);
    assert.deepEqual([broken.left, !built.ok && built.findings.map(({ path }) => path)], [['email'], ['merchantName']]);
  });
});
