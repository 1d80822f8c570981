/** A host whose answers the test writes: when each comes, what it says, and how often. Sign-ons and echoes are answered by itself. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Iso8583Message, pack, unpack } from '../../src/protocols/iso8583/codec.ts';
import { createFrameReader, frame } from '../../src/protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../../src/protocols/iso8583/layouts/host-link.ts';
import { responseOf } from '../../src/protocols/iso8583/messages.ts';

/** DE39 and what else an answer adds to the fields it echoes. */
export type Answer = Readonly<Record<number, string>>;

export interface ScriptedHost {
  /** For `ACQUIRER_ADDRESS`. */
  readonly address: string;
  /** What was asked beside network messages, in order. */
  readonly asked: readonly Iso8583Message[];
  /** Answers what comes from now on; undefined: not now. */
  script(answer: (message: Iso8583Message) => Answer | undefined): void;
  /** Answers a message that came before, over the connection that stands now. */
  say(message: Iso8583Message, answer: Answer): void;
  stop(): void;
}

const echoed = [3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49, 70];

function answerTo({ mti, fields }: Iso8583Message, answer: Answer): Buffer {
  const kept = Object.fromEntries(Object.entries(fields).filter(([field]) => echoed.includes(Number(field))));
  return frame(HOST_LINK_FRAMES, pack(HOST_LINK, { mti: responseOf(mti), fields: { ...kept, ...answer } }));
}

export async function startScriptedHost(): Promise<ScriptedHost> {
  const asked: Iso8583Message[] = [];
  let answerOf: (message: Iso8583Message) => Answer | undefined = () => undefined;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const reader = createFrameReader(HOST_LINK_FRAMES);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Buffer)) {
        const message = unpack(HOST_LINK, body);
        const isNetwork = message.mti === '0800';
        if (!isNetwork) asked.push(message);
        const answer = isNetwork ? { 39: '00' } : answerOf(message);
        if (answer !== undefined) socket.write(answerTo(message, answer));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    script(answer) {
      answerOf = answer;
    },
    say(message, answer) {
      [...open].at(-1)?.write(answerTo(message, answer));
    },
    stop() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
