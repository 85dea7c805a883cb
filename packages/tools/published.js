// The packages that are published.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of all packages. */
export const packages = dirname(dirname(fileURLToPath(import.meta.url)))

/** The folder of the workspace. */
export const root = dirname(packages)

/**
 * @typedef {{ readonly name: string, readonly version: string, readonly private?: boolean, readonly files?: readonly string[],
 *   readonly exports?: Readonly<Record<string, unknown>>, readonly dependencies?: Readonly<Record<string, string>>,
 *   readonly peerDependencies?: Readonly<Record<string, string>>, readonly devDependencies?: Readonly<Record<string, string>>,
 *   readonly description?: string, readonly keywords?: readonly string[], readonly homepage?: string, readonly author?: string,
 *   readonly repository?: { readonly url: string, readonly directory: string }, readonly bugs?: { readonly url: string } }} Manifest
 * @typedef {{ readonly folder: string, readonly short: string, readonly manifest: Manifest }} Published
 */

/**
 * @param {string} file
 * @returns {Manifest}
 */
const manifestOf = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** @type {readonly Published[]} */
export const published = readdirSync(packages)
  // A folder that has been moved away leaves what git does not know.
  .filter((name) => existsSync(join(packages, name, 'package.json')))
  .map((name) => ({
    folder: join(packages, name),
    short: name,
    manifest: manifestOf(join(packages, name, 'package.json')),
  }))
  .filter(({ manifest }) => manifest.private !== true)

/** Those that other code imports; the others are commands. */
export const libraries = published.filter(({ manifest }) => manifest.exports?.['.'] !== undefined)

/**
 * @param {readonly string[]} names in short
 * @returns {readonly Published[]} these packages, and those of ours that they depend on
 */
export const withNeeded = (names) => {
  const unknown = names.find((name) => !published.some(({ short }) => short === name))
  if (unknown !== undefined)
    throw new Error(`there is no package ${unknown}; there are ${published.map(({ short }) => short).join(', ')}`)
  const needed = new Set(names)
  for (const name of needed)
    for (const dependency of Object.keys(published.find(({ short }) => short === name)?.manifest.dependencies ?? {}))
      if (dependency.startsWith('@tessera/')) needed.add(dependency.slice('@tessera/'.length))
  return published.filter(({ short }) => needed.has(short))
}
