// Makes the tarballs that would be published.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { published, root } from './published.js'

/** @type {{ readonly packageManager: string }} */
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/**
 * @typedef {{ readonly package: import('./published.js').Published, readonly tarball: string,
 *   readonly files: readonly string[], readonly manifest: import('./published.js').Manifest }} Packed
 */

/**
 * @param {string} destination a folder for the tarballs
 * @returns {readonly Packed[]}
 */
export const pack = (destination) => {
  mkdirSync(destination, { recursive: true })
  const filters = published.flatMap(({ manifest }) => ['--filter', manifest.name])
  const pnpm = ['--yes', '--prefer-offline', packageManager]
  execFileSync('npx', [...pnpm, '--recursive', ...filters, 'pack', '--pack-destination', destination], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return published.map((one) => {
    const file = `${one.manifest.name.replace('@', '').replace('/', '-')}-${one.manifest.version}.tgz`
    const tarball = join(destination, file)
    const tar = (/** @type {readonly string[]} */ ...args) => execFileSync('tar', [...args], { encoding: 'utf8' })
    return {
      package: one,
      tarball,
      files: tar('-tzf', tarball)
        .trim()
        .split('\n')
        .map((line) => line.replace(/^package\//, '')),
      manifest: JSON.parse(tar('-xzOf', tarball, 'package/package.json')),
    }
  })
}
