/** The memory that a start leaves behind. */
const lookEveryMs = 1_000;
/** Of a second's time: what a gateway without requests takes for looking at its queues, with room for a slow machine. */
const quietShare = 0.1;

/**
 * V8 keeps the pages into which everything was read and compiled, some 40 MB, for objects that an idle gateway never makes. In the first quiet
 * second one full collection gives them back (about 0.2 s of work, once in the life of the process); a gateway that is busy from its start on
 * needs them. Does nothing in a process that was started without the launcher's `--expose-gc`.
 */
export function giveBackMemoryOfStart(): void {
  const collect = globalThis.gc;
  if (collect === undefined) return;
  let before = performance.eventLoopUtilization();
  const looking = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > quietShare) return;
    clearInterval(looking);
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, lookEveryMs).unref();
}
