/** The settings of the embedded PostgreSQL: a durable store for many small transactions. */

/** Passed on the command line, so that each start has them whatever the data folder was made with. */
export const postgresSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  // An acknowledged payment is on disk (the defaults, named because the gateway's promises rest on them).
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '256MB',
  // Fewer checkpoints mean fewer full-page images under a steady stream of small writes.
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  // After a crash, one flush of the file system instead of one of every file in the data folder: seconds less until the first answer.
  ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
  // The payment path's rows are written once and updated once or twice: vacuuming them more often than this costs more than it gives. The few
  // counters are updated in place and cleaned up as they are read.
  autovacuum_naptime: '30s',
  autovacuum_vacuum_scale_factor: '0.1',
  autovacuum_analyze_scale_factor: '0.1',
  // Statements here are short: compiling them costs more than running them.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // An error's detail may quote a whole row.
  log_error_verbosity: 'terse',
};

/** The above, with those of the caller on top, as arguments of `postgres`. */
export function settingArguments(overrides: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries({ ...postgresSettings, ...overrides }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
