/** Says it in the log when this machine's clock goes wrong, once, and once more when it is right again. */
import type { EngineLog } from '../core/payment/engine.ts';
import { agreesWithinMs, type StoreClock } from '../store/clock.ts';

/** To be called whenever the database's time was read. */
export function clockWatch(clock: Pick<StoreClock, 'aheadMs'>, log: EngineLog): () => void {
  let wasApart = false;
  return () => {
    const aheadMs = Math.round(clock.aheadMs());
    const isApart = Math.abs(aheadMs) > agreesWithinMs;
    if (isApart === wasApart) return;
    wasApart = isApart;
    if (isApart)
      log.error({ aheadMs }, "this machine's clock and the database's are apart; the database's time counts. Set both by a time server");
    else log.info({ aheadMs }, "this machine's clock and the database's agree again");
  };
}
