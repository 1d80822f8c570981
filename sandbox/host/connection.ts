/** One gateway's TCP connection: cuts requests out of the stream and sends answers, many in one write. */

import type { Socket } from 'node:net';
import { createFrameReader, FrameError } from '../../src/protocols/iso8583/framing.ts';
import { HOST_LINK_FRAMES } from '../../src/protocols/iso8583/layouts/host-link.ts';

/** What the rest of the host sees of a connection. */
export interface Connection {
  /** Queues a frame; `flush` sends all that is queued. Ignored once the connection is gone. */
  queue(framed: Buffer): void;
  flush(): void;
  /** Sends what is queued, then closes. */
  close(): void;
}

interface ConnectionOptions {
  readonly receive: (body: Buffer, connection: Connection) => void;
  readonly warn: (text: string) => void;
}

/** Serves a socket until it ends. A frame that is none closes it: nothing behind it can be trusted. */
export function serveConnection(socket: Socket, { receive, warn }: ConnectionOptions): Connection {
  const reader = createFrameReader(HOST_LINK_FRAMES);
  let queued: Buffer[] = [];
  let isClosing = false;

  const connection: Connection = {
    queue(framed) {
      if (!isClosing && !socket.destroyed) queued.push(framed);
    },
    flush() {
      if (queued.length === 0 || socket.destroyed) return;
      const bytes = queued.length === 1 ? (queued[0] ?? Buffer.alloc(0)) : Buffer.concat(queued);
      queued = [];
      // A gateway that does not read its answers gets no further requests taken, so that they pile up on its side.
      if (!socket.write(bytes) && !socket.isPaused()) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    },
    close() {
      connection.flush();
      isClosing = true;
      socket.destroySoon();
    },
  };

  const receiveAll = (bodies: readonly Buffer[]): void => {
    for (const body of bodies) if (!isClosing) receive(body, connection);
  };

  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    // Strings come only from sockets that were given a character encoding.
    if (typeof chunk === 'string') return;
    try {
      receiveAll(reader.push(chunk));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      warn(`a connection is closed: ${error.message}`);
      receiveAll(error.completed);
      connection.close();
    }
  });
  // A peer that resets the connection is ordinary; `close` follows and ends the matter.
  socket.on('error', () => undefined);
  return connection;
}
