/** Right messages as plain JSON, written by hand from the specification's tables: nothing of the library is in them. */

/** A message's elements. */
export type Fields = Readonly<Record<string, unknown>>;

export const SERVER_ID = '6afa6072-9412-446b-9673-2f98b3ee98a2';
export const ACS_ID = '375d90ad-3873-498b-9133-380cbbc8d99d';
export const DS_ID = '0b470d4f-fdbd-4429-9e83-86c0ba6c3ab1';

/** A payment of 12.34 euro in a browser. */
export function aReq(messageVersion: '2.2.0' | '2.3.1' = '2.2.0'): Fields {
  const added =
    messageVersion === '2.3.1' ? { acceptLanguage: ['de', 'en'], acquirerCountryCode: '276', acquirerCountryCodeSource: '01' } : {};
  return {
    messageType: 'AReq',
    messageVersion,
    messageCategory: '01',
    deviceChannel: '02',
    threeDSServerTransID: SERVER_ID,
    threeDSServerRefNumber: '3DS_LOA_SER_TEST_020200_00001',
    threeDSServerURL: 'https://threeds.example/results',
    threeDSRequestorID: 'requestor-1',
    threeDSRequestorName: 'A requestor',
    threeDSRequestorURL: 'https://shop.example',
    threeDSRequestorAuthenticationInd: '01',
    acctNumber: '4242424242424242',
    acquirerBIN: '411111',
    acquirerMerchantID: 'MERCHANT0000001',
    mcc: '5411',
    merchantCountryCode: '276',
    merchantName: 'A merchant',
    purchaseAmount: '1234',
    purchaseCurrency: '978',
    purchaseExponent: '2',
    purchaseDate: '20261121091500',
    browserAcceptHeader: 'text/html,*/*',
    browserUserAgent: 'Mozilla/5.0',
    browserLanguage: 'de-DE',
    browserJavascriptEnabled: true,
    browserJavaEnabled: false,
    browserColorDepth: '24',
    browserScreenHeight: '1080',
    browserScreenWidth: '1920',
    browserTZ: '-60',
    notificationURL: 'https://threeds.example/challenge-done',
    threeDSCompInd: 'Y',
    ...added,
  };
}

/** The issuer is content. */
export function aRes(): Fields {
  return {
    messageType: 'ARes',
    messageVersion: '2.2.0',
    threeDSServerTransID: SERVER_ID,
    acsTransID: ACS_ID,
    dsTransID: DS_ID,
    acsReferenceNumber: '3DS_LOA_ACS_TEST_020200_00001',
    dsReferenceNumber: '3DS_LOA_DIS_TEST_020200_00001',
    transStatus: 'Y',
    authenticationValue: 'AJkBByNyIwAAAAmBeDBlAAAAAAA=',
    eci: '05',
  };
}

/** The challenge has been passed. */
export function rReq(): Fields {
  return {
    messageType: 'RReq',
    messageVersion: '2.2.0',
    messageCategory: '01',
    threeDSServerTransID: SERVER_ID,
    acsTransID: ACS_ID,
    dsTransID: DS_ID,
    transStatus: 'Y',
    authenticationType: '02',
    authenticationValue: 'AJkBByNyIwAAAAmBeDBlAAAAAAA=',
    eci: '05',
    interactionCounter: '01',
  };
}
