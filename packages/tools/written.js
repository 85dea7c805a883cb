// Pages that are made from something else: as the tool writes them, or there is a difference to tell.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './published.js'

/**
 * Compares a file with what it should be; with --update writes it.
 * @param {string} path from the root
 * @param {string} fresh
 * @param {string} name in `npm run check`
 */
export const compareOrUpdate = (path, fresh, name) => {
  const file = join(root, path)
  if (readFileSync(file, 'utf8') === fresh) return
  if (process.argv.includes('--update')) writeFileSync(file, fresh)
  else {
    console.error(`${path} is not what it is made from; if that is meant: npm run check ${name} -- --update`)
    process.exitCode = 1
  }
}
