/**
 * What a package brings with it: itself and all that it depends on at run time.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const isManifest = (value: unknown): value is Manifest =>
  typeof value === 'object' && value !== null && 'name' in value && 'version' in value

const manifestOf = (folder: string): Manifest => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (!isManifest(manifest)) throw new Error(`${folder} has no manifest`)
  return manifest
}

/** The folder of a package as Node.js finds it from another one. */
const find = (name: string, from: string): string => {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (statSync(join(candidate, 'package.json'), { throwIfNoEntry: false }) !== undefined)
      return realpathSync(candidate)
    if (folder === dirname(folder)) throw new Error(`${name} is not installed`)
  }
}

const sizeOf = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true }).reduce((total, entry) => {
    if (entry.name === 'node_modules') return total
    const path = join(folder, entry.name)
    return total + (entry.isDirectory() ? sizeOf(path) : entry.isFile() ? statSync(path).size : 0)
  }, 0)

export interface Installed {
  readonly names: ReadonlyArray<string>
  /** Of what is not ours, on disk. */
  readonly bytes: number
}

const HERE = fileURLToPath(new URL('..', import.meta.url))

/** All packages that come with the given ones, beside ours. */
export const installedWith = (packages: ReadonlyArray<string>): Installed => {
  const found = new Map<string, string>()
  const add = (name: string, from: string): void => {
    const folder = find(name, from)
    const manifest = manifestOf(folder)
    const key = `${manifest.name} ${manifest.version}`
    if (found.has(key)) return
    found.set(key, folder)
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency, folder)
  }
  for (const name of packages) add(name, HERE)
  const foreign = [...found].filter(([name]) => !name.startsWith('@tessera/'))
  return {
    names: foreign.map(([name]) => name).sort(),
    bytes: foreign.reduce((total, [, folder]) => total + sizeOf(folder), 0),
  }
}
