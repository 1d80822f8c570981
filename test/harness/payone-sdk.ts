/** The platform's official client library, unmodified, on a stack. */
import * as sdk from 'onlinepayments-sdk-nodejs';
import { demo, type PayoneCaller } from './payone.ts';

export const merchantId = demo.merchantId;

/** A client of the gateway at this URL. */
export function sdkClient(url: string, { keyId, secret }: PayoneCaller = demo): sdk.Client {
  const { hostname, port } = new URL(url);
  return sdk.init({
    integrator: 'Polygate tests',
    host: hostname,
    scheme: 'http',
    port: Number(port),
    apiKeyId: keyId,
    secretApiKey: secret,
  });
}

/** The body of a successful answer, as plain data; throws the error body of any other. */
export async function taken<T>(call: Promise<sdk.SdkResponse<T, unknown>>): Promise<T> {
  const answer = await call;
  if (!answer.isSuccess) throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export interface RefusedBody {
  readonly errors: readonly {
    readonly id: string;
    readonly errorCode: string;
    readonly httpStatusCode: number;
    readonly propertyName?: string;
  }[];
  readonly errorId: string;
}

/** Status and body of an answer that is an error. */
export async function refused<T, E>(
  call: Promise<sdk.SdkResponse<T, E>>,
): Promise<{ readonly status: number; readonly body: RefusedBody & E }> {
  const answer = await call;
  if (answer.isSuccess) throw new Error(`HTTP ${answer.status}, and an error was expected: ${JSON.stringify(answer.body)}`);
  return { status: answer.status, body: answer.body as RefusedBody & E };
}
