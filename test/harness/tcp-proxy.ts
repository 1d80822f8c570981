/** A wire that can be cut: a TCP proxy in front of a server, whose connections a test breaks at the moment it chooses. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** The URL of a server, through the proxy. */
  through(url: string): string;
  /** From now on nothing that the server says arrives; what is said to it does. */
  swallowAnswers(): void;
  /** The server is gone without a word, and another one is there: nothing passes any more over the connections there are, new ones work. */
  vanish(): void;
  /** Breaks all connections and refuses new ones. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(): Promise<TcpProxy> {
  let target = { host: '127.0.0.1', port: 0 };
  let isDeaf = false;
  const sockets = new Set<Socket>();
  let lost: ReadonlySet<Socket> = new Set();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      if (!lost.has(client)) upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!isDeaf && !lost.has(client)) client.write(chunk);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => {
      if (!lost.has(client)) client.destroy();
    });
  });
  const listen = async (port: number): Promise<number> => {
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const cut = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    through(url) {
      const through = new URL(url);
      target = { host: through.hostname, port: Number(through.port) };
      through.hostname = '127.0.0.1';
      through.port = String(port);
      return through.href;
    },
    swallowAnswers() {
      isDeaf = true;
    },
    vanish() {
      lost = new Set(sockets);
    },
    cut,
    async restore() {
      isDeaf = false;
      await listen(port);
    },
    async close() {
      if (server.listening) await cut();
    },
  };
}
