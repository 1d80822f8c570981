/**
 * What is answered to a connection whose request never became one: no part of the server has seen it, so nobody's protocol is spoken. It says what is
 * wrong and what to do, and nothing of what was sent, which may be a card number.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

interface Fault {
  readonly status: '400 Bad Request' | '408 Request Timeout' | '417 Expectation Failed' | '431 Request Header Fields Too Large';
  readonly error: string;
  readonly message: string;
}

const bad = (message: string): Fault => ({ status: '400 Bad Request', error: 'unreadable_request', message });

const noRequest = bad(
  'What came is no request of HTTP/1.1, which begins with a line like POST /v1/payments HTTP/1.1: a method that there is, in capitals, and CR LF at the end. A client that speaks TLS needs an address with https:// and a port that has TLS; one that speaks HTTP/2 must not begin with it.',
);
const wrongHeader = bad(
  'A header of the request cannot be read: its name or its value has a character that may not stand there. Mend it and send the request again.',
);
const wrongLength = bad(
  'The length of the body is not clear: send Content-Length once, as a number, or Transfer-Encoding: chunked, and not both.',
);
const wrongChunk = bad(
  'The body does not come in the chunks that Transfer-Encoding announces. Send it with a Content-Length instead, or as whole chunks.',
);
const wrongAddress = bad(
  'The address in the first line cannot be read: characters beyond the plain ones are written with percent signs, as %20 for a blank.',
);

const unknownExpectation: Fault = {
  status: '417 Expectation Failed',
  error: 'unknown_expectation',
  message: 'The header Expect asks for something else than 100-continue; it was not carried out. Send the request without it.',
};

/** Of a request that names no host, which HTTP/1.1 wants; Node itself would say so with an empty answer. */
export const withoutHost = bad('The request has no header Host, which HTTP/1.1 wants. Send it with the name and the port of the address.');

/** By the codes of Node's parser. */
const faults: Readonly<Record<string, Fault>> = {
  HPE_INVALID_URL: wrongAddress,
  HPE_INVALID_HEADER_TOKEN: wrongHeader,
  HPE_LF_EXPECTED: wrongHeader,
  HPE_CR_EXPECTED: wrongHeader,
  HPE_INVALID_CONTENT_LENGTH: wrongLength,
  HPE_UNEXPECTED_CONTENT_LENGTH: wrongLength,
  HPE_INVALID_TRANSFER_ENCODING: wrongLength,
  HPE_INVALID_CHUNK_SIZE: wrongChunk,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: wrongChunk,
  HPE_STRICT: wrongChunk,
  HPE_INVALID_EOF_STATE: {
    status: '400 Bad Request',
    error: 'incomplete_request',
    message:
      'The connection ended before the request was complete; it was not carried out. Send it again, with as many bytes as its Content-Length says.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    error: 'request_timeout',
    message: 'The request was not complete in time; it was not carried out. Send it again, without a pause.',
  },
};

/** For the server's connections. `headerLimitBytes`: how large the head of a request may be. */
export function createUnreadableAnswer(headerLimitBytes: number): (error: { readonly code?: string }, socket: Socket) => void {
  const tooLarge: Fault = {
    status: '431 Request Header Fields Too Large',
    error: 'header_too_large',
    message: `The first line and the headers of the request have more than ${headerLimitBytes} bytes together. Send fewer or shorter ones, and what is long in the body.`,
  };
  return ({ code = '' }, socket) => {
    if (code === 'ECONNRESET' || socket.destroyed) return;
    const fault = code === 'HPE_HEADER_OVERFLOW' ? tooLarge : (faults[code] ?? noRequest);
    if (isAnswering(socket)) return endWhenAnswered(socket);
    if (socket.writable && !isAnswered(socket)) socket.write(written(fault));
    socket.destroy();
  };
}

/** Says why a request with an `Expect` that nobody can meet is refused; Node itself would not. */
export function refuseExpectations(server: Server): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, error, message } = unknownExpectation;
    response.writeHead(Number.parseInt(status, 10), { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ error, message }));
  });
}

/** Where a socket keeps whom it answers is not documented. */
function answerOf(socket: Socket): ServerResponse | undefined {
  return (socket as { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** Whether a request that came whole is being carried out. */
function isAnswering(socket: Socket): boolean {
  return answerOf(socket)?.req.complete === true;
}

const ending = new WeakSet<Socket>();

/**
 * What cannot be read came after a request that is being carried out: a payment must not be called none for what follows it, or who sent it sends it
 * again. The connection ends when all that was asked for is answered; what came after is not.
 */
function endWhenAnswered(socket: Socket): void {
  if (ending.has(socket)) return;
  ending.add(socket);
  const next = (): void => {
    if (isAnswering(socket)) answerOf(socket)?.once('close', () => setImmediate(next));
    else socket.destroySoon();
  };
  next();
}

/**
 * An answer that has begun would have this one in its middle, and a request that was refused before its body came has its answer. Where a socket keeps
 * them is not documented; without that such an answer has this one after it.
 */
function isAnswered(socket: Socket): boolean {
  const { parser } = socket as { readonly parser?: { readonly incoming?: IncomingMessage | null } | null };
  return answerOf(socket)?.headersSent ?? parser?.incoming?.complete === false;
}

function written({ status, error, message }: Fault): string {
  const body = JSON.stringify({ error, message });
  const head = [`HTTP/1.1 ${status}`, 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
