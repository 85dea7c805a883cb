import { type Browser, chromium } from 'playwright-core'
import { chromium as path } from '../../../tools/jest/tools.cjs'

/** As root and without a network: it would look for updates, and be refused. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium, without a window. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: path() ?? 'chromium', args: FLAGS })
