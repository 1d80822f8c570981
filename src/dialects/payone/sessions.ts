/**
 * Sessions of client libraries, which run in a shop's page or app and never see the API key: a session asks for a public key, encrypts the card under it,
 * and the shop's server sends the result (`encryptedCustomerInput`, a JWE). Nothing is stored: a session's id proves itself, and a key's id holds the
 * private key, as only the vault can open it.
 */
import { generateKeyPair as generateKeyPairCallback, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { compactDecrypt, decodeProtectedHeader, importPKCS8 } from 'jose';
import type { Engine } from '../../core/payment/engine.ts';
import { invalid } from './problem.ts';
import type { CardData, CreatePayment } from './wire.ts';

const generateKeyPair = promisify(generateKeyPairCallback);

const hourMs = 3_600_000;
/** As long as the platform lets a shopper fill in a form. */
const sessionLifeMs = 3 * hourMs;
const keyLifeMs = hourMs;
const algorithm = 'RSA-OAEP';
const encryption = 'A256CBC-HS512';

interface SessionOwner {
  readonly merchantId: string;
}

/** A session that nobody else can make. */
export function openSession({ inputMac, clock }: Engine, { merchantId }: SessionOwner): string {
  const body = `${(clock.wallNow() + sessionLifeMs).toString(36).padStart(9, '0')}${randomBytes(8).toString('hex')}`;
  return `${body}${macOf(inputMac, merchantId, body)}`;
}

/** Whether the account has opened this session, and it is not over. */
export function isOpenSession({ inputMac, clock }: Engine, { merchantId }: SessionOwner, session: string): boolean {
  const [, body = '', mac = ''] = /^([0-9a-z]{9}[0-9a-f]{16})([0-9a-f]{32})$/.exec(session) ?? [];
  if (!timingSafeEqual(Buffer.from(mac.padEnd(32)), Buffer.from(macOf(inputMac, merchantId, body)))) return false;
  return Number.parseInt(body.slice(0, 9), 36) > clock.wallNow();
}

function macOf(inputMac: Engine['inputMac'], merchantId: string, body: string): string {
  return Buffer.from(inputMac(`payone client session ${merchantId} ${body}`))
    .toString('hex')
    .slice(0, 32);
}

interface PublicKey {
  readonly keyId: string;
  /** DER (SPKI), base64. */
  readonly publicKey: string;
}

/** Making a key takes a tenth of a second, so each account has one for an hour. */
const keys = new Map<string, { readonly key: Promise<PublicKey>; readonly untilMs: number }>();

export function publicKeyOf(engine: Engine, { merchantId }: SessionOwner): Promise<PublicKey> {
  const nowMs = engine.clock.wallNow();
  const known = keys.get(merchantId);
  if (known !== undefined && known.untilMs > nowMs) return known.key;
  const key = makeKey(engine, merchantId);
  keys.set(merchantId, { key, untilMs: nowMs + keyLifeMs });
  key.catch(() => keys.delete(merchantId));
  return key;
}

async function makeKey({ vault }: Engine, merchantId: string): Promise<PublicKey> {
  const { publicKey, privateKey } = await generateKeyPair('rsa', { modulusLength: 2048 });
  const secretId = randomUUID();
  const secret = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const sealed = vault.sealSecret({ merchantId, secretId, secret });
  return {
    keyId: `${secretId}.${Buffer.from(sealed).toString('base64url')}`,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/** What a client library has encrypted. */
interface CustomerInput {
  readonly card: CardData;
  readonly paymentProductId: number | undefined;
  readonly tokenize: boolean;
}

/** Undefined for what no session of this account has encrypted, or what holds no card. */
async function decryptInput(engine: Engine, owner: SessionOwner, text: string): Promise<CustomerInput | undefined> {
  try {
    const { kid = '' } = decodeProtectedHeader(text);
    const [, secretId, sealed] = /^([\da-f-]{36})\.([\w-]+)$/.exec(kid) ?? [];
    if (secretId === undefined || sealed === undefined) return undefined;
    const secret = engine.vault.openSecret({ ...owner, secretId, sealed: Buffer.from(sealed, 'base64url') });
    const { plaintext } = await compactDecrypt(text, await importPKCS8(secret, algorithm), {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: [encryption],
    });
    return readInput(engine, owner, JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    // Whatever it is, it was not encrypted here: what exactly is wrong with it is nobody's business.
    return undefined;
  }
}

/** The same, where there must be one. Throws a {@link Problem} that names the member. */
export async function readEncrypted(
  engine: Engine,
  owner: SessionOwner,
  text: string,
  propertyName = 'encryptedCustomerInput',
): Promise<CustomerInput> {
  const input = await decryptInput(engine, owner, text);
  if (input !== undefined) return input;
  throw invalid(propertyName, `${propertyName} was encrypted for no open session of this account, or holds no card`);
}

/** A payment whose card came encrypted, as if it had come in the clear. */
export async function withDecryptedCard(engine: Engine, owner: SessionOwner, body: CreatePayment): Promise<CreatePayment> {
  const { encryptedCustomerInput, ...rest } = body;
  const given = rest.cardPaymentMethodSpecificInput;
  // More than one card is refused where all of them are looked at.
  if (encryptedCustomerInput === undefined || given?.card !== undefined || given?.token !== undefined) return body;
  const { card, paymentProductId, tokenize } = await readEncrypted(engine, owner, encryptedCustomerInput);
  return {
    ...rest,
    cardPaymentMethodSpecificInput: {
      ...(paymentProductId === undefined ? {} : { paymentProductId }),
      ...(tokenize ? { tokenize } : {}),
      ...given,
      card,
    },
  };
}

interface Input {
  readonly clientSessionId?: unknown;
  readonly paymentProductId?: unknown;
  readonly tokenize?: unknown;
  readonly paymentValues?: readonly { readonly key?: unknown; readonly value?: unknown }[];
}

function readInput(engine: Engine, owner: SessionOwner, input: Input): CustomerInput | undefined {
  if (typeof input.clientSessionId !== 'string' || !isOpenSession(engine, owner, input.clientSessionId)) return undefined;
  const values = new Map((input.paymentValues ?? []).map(({ key, value }) => [String(key), String(value ?? '')]));
  const digits = (name: string) => (values.get(name) ?? '').replaceAll(/[\s/]/g, '');
  const [cardNumber, expiryDate, cvv] = [digits('cardNumber'), digits('expiryDate'), digits('cvv')];
  if (!/^\d{12,19}$/.test(cardNumber) || !/^(0[1-9]|1[0-2])\d{2}(?:\d{2})?$/.test(expiryDate) || !/^(\d{3,4})?$/.test(cvv))
    return undefined;
  const holder = values.get('cardholderName');
  return {
    card: {
      ...{ cardNumber, expiryDate: `${expiryDate.slice(0, 2)}${expiryDate.slice(-2)}` },
      ...(cvv === '' ? {} : { cvv }),
      ...(holder === undefined ? {} : { cardholderName: holder }),
    },
    paymentProductId: Number.isInteger(input.paymentProductId) ? Number(input.paymentProductId) : undefined,
    tokenize: input.tokenize === true,
  };
}
