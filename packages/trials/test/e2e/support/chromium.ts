/** Chromium as root and without a network: it would look for updates, and be refused. */
export const CHROMIUM_FLAGS: ReadonlyArray<string> = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
