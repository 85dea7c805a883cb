/** Hosts that are ES modules only, which Jest does not load. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const CACHE = join(__dirname, '../../node_modules/.cache/hosts')

/** A host in one file of CommonJS. Its type is the caller's to say: `hostOf<typeof import('got')>('got')`. */
export const hostOf = <Host>(name: string): Host => {
  mkdirSync(CACHE, { recursive: true })
  const outfile = join(CACHE, `${name.replaceAll('/', '+')}.${process.pid}.cjs`)
  buildSync({
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: __dirname },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    logLevel: 'error',
  })
  return require(outfile)
}
