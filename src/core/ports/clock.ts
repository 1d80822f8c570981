/** Business time and wall time, as whoever starts the engine gives them. */

/** Three clocks, never mixed: business and wall time here; leases and time-outs use monotonic or database time where they are kept. */
export interface Clock {
  /** Business time in epoch ms: due dates, expiry, settlement day, what the acquirer is told. In the sandbox it can be moved. */
  businessNow(): number;
  /** Wall time in epoch ms: request dates, signatures, rate windows. This machine's, or the database's where that one is wrong. */
  wallNow(): number;
  /** Wall time in epoch ms when this node last saw business time moved; 0: never. */
  movedAtMs(): number;
  /** Whether somebody is moving it now, as far as this node has seen: what is due is then waited for. */
  isMoving(): boolean;
}
