/** `npm run soak`: what `npm test` does, with the randomized suites whole instead of a tenth of them. */
process.env.POLYGATE_SOAK = '1';
await import('./run.ts');
