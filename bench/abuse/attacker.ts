/** The attacker: a process of its own that keeps its connections at what the plan says, until it is told to end. */
import { connect } from 'node:net';
import { exitWithParent } from '../../src/local/parent.ts';
import { actOf, type FloodPlan, type FloodResult } from './flood.ts';
import { openLine } from './line.ts';

/** What it takes at least to open a connection over some distance, which this machine does not have. */
const leastPauseMs = 50;

exitWithParent();
process.once('message', (plan: FloodPlan) => {
  const answers: Record<string, number> = {};
  const line = openLine();
  let opened = 0;
  let closed = 0;

  function open(number: number): void {
    const act = actOf(plan, number);
    const { first, next, drip, stream, readsNothing, pauseMs } = act;
    const source = plan.localAddress === undefined ? {} : { localAddress: plan.localAddress };
    const socket = connect({ host: '127.0.0.1', port: plan.port, noDelay: true, ...source });
    let dripping: NodeJS.Timeout | undefined;
    socket.on('connect', () => {
      opened += 1;
      socket.write(first());
      if (readsNothing === true) socket.pause();
      if (stream !== undefined) line.pour(socket, stream);
      if (drip !== undefined) dripping = setInterval(() => socket.write(drip.what), drip.everyMs);
    });
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      for (;;) {
        const read = /^HTTP\/1\.1 (\d{3})[\s\S]*?content-length: (\d+)[\s\S]*?\r\n\r\n/i.exec(text);
        if (read === null || text.length < read[0].length + Number(read[2])) return;
        text = text.slice(read[0].length + Number(read[2]));
        const status = read[1] ?? '';
        answers[status] = (answers[status] ?? 0) + 1;
        if (next !== undefined && !socket.destroyed) socket.write(next());
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed += 1;
      clearInterval(dripping);
      setTimeout(() => open(number), Math.max(pauseMs, leastPauseMs));
    });
  }

  for (let number = 0; number < plan.connections; number += 1) open(number);
  process.once('message', () => {
    const result: FloodResult = { answers, opened, closed };
    process.send?.(result, () => process.exit());
  });
});
