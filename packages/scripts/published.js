// The packages that are published.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of all packages. */
export const packages = dirname(dirname(fileURLToPath(import.meta.url)))

/** The folder of the workspace. */
export const root = dirname(packages)

/**
 * @typedef {{ readonly name: string, readonly version: string, readonly private?: boolean, readonly files?: readonly string[],
 *   readonly exports?: Readonly<Record<string, unknown>>, readonly dependencies?: Readonly<Record<string, string>> }} Manifest
 * @typedef {{ readonly folder: string, readonly short: string, readonly manifest: Manifest }} Published
 */

/**
 * @param {string} file
 * @returns {Manifest}
 */
const manifestOf = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** @type {readonly Published[]} */
export const published = readdirSync(packages, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({
    folder: join(packages, name),
    short: name,
    manifest: manifestOf(join(packages, name, 'package.json')),
  }))
  .filter(({ manifest }) => manifest.private !== true)

/** Those that other code imports; the others are commands. */
export const libraries = published.filter(({ manifest }) => manifest.exports?.['.'] !== undefined)
