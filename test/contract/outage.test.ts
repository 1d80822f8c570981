/** The database goes away while the acquirer answers: what was recorded and sent is not told as what never was, so that nobody sends it again. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests } from '../harness/auditor.ts';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { eventually } from '../harness/processes.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import type { Client } from './driver.ts';
import { drivers } from './drivers.ts';

let stack: Stack;
let proxy: TcpProxy;
before(async () => {
  proxy = await startTcpProxy();
  stack = await startStack({ databaseUrlOf: proxy.through });
});
after(async () => {
  await stack?.stop();
  await proxy?.close();
});
const audited = auditedTests(() => stack);

/** In the words of each protocol. */
const deniesIt = /nothing was recorded|800\.800\.800|service_unavailable|30002|"unavailable"|"(status|transactionStatus)":"(failed|N)"/i;

/** Their payments are several requests. */
const inSteps = ['qorepay', 'tzero'];

const order = () => ({ amount: 50_00, card: { number: freshCardNumber(), cvc: '123' } });

/** What goes before, and what is asked for then. */
const acts: Readonly<Record<string, (client: Client) => Promise<() => Promise<unknown>>>> = {
  async capture(client) {
    const { handle = '' } = await client.authorize(order());
    return () => client.capture(handle, { amount: 20_00 });
  },
  async refund(client) {
    const { handle = '' } = await client.debit(order());
    return () => client.refund(handle, { amount: 20_00 });
  },
  debit: (client) => Promise.resolve(() => client.debit(order())),
};

for (const driver of drivers) {
  for (const [name, prepare] of Object.entries(acts)) {
    if (name === 'debit' && inSteps.includes(driver.dialect)) continue;
    audited(`${driver.dialect}: a ${name} whose answer cannot be read from the database is not told as never made`, async () => {
      const { config, traces, host } = stack;
      const url = `http://127.0.0.1:${config.port}`;
      const client = driver.connect({ url, caller: 'demo', traces });
      const act = await prepare(client);
      const entries = (await host.books()).length;
      await host.addFault({ fault: 'slow', delay_ms: 400 });
      const said = traces.answers.length;
      // Drivers do not know every answer, and some go on and read what there is.
      const acting = act().catch(() => undefined);
      await eventually(async () => (await host.books()).length > entries, 'the host to book it');
      await proxy.cut();
      await acting;
      await proxy.restore();
      await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the gateway to be ready again');
      assert.doesNotMatch(traces.answers[said] ?? assert.fail('no answer'), deniesIt);
      // The payment path's connections are opened when they are needed.
      await eventually(async () => (await client.debit(order())).outcome === 'approved', 'a payment to go through');
    });
  }
}
