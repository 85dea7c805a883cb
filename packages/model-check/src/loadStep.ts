/**
 * `Lifecycle.step` with a part of its source replaced: a mutant, compiled in memory.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/core'
import * as core from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Step, view } from './State.js'

/** The text is replaced once, and must be there, in one of the files. */
export interface Patch {
  readonly find: string
  readonly replace: string
}

type Exports = Readonly<Record<string, unknown>>

const ROOT = fileURLToPath(new URL('../../core/src', import.meta.url))
const ENTRY = join(ROOT, 'Lifecycle.ts')

/** What the files import beside types and each other. */
const modules: Exports = {
  'fp-ts/lib/Option.js': O,
  'fp-ts/lib/function.js': { pipe },
  '../Time.js': core,
}

/** The files of the lifecycle, by their paths. */
const read = (): Map<string, string> => {
  const folder = join(ROOT, 'lifecycle')
  const paths = [ENTRY, ...readdirSync(folder).map((name) => join(folder, name))]
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]))
}

const apply = (sources: Map<string, string>, { find, replace }: Patch): void => {
  const [found, ...others] = [...sources].flatMap(([path, text]) =>
    text
      .split(find)
      .slice(1)
      .map(() => ({ path, text })),
  )
  if (found === undefined || others.length > 0) throw new Error(`not exactly once in the lifecycle: ${find}`)
  sources.set(
    found.path,
    found.text.replace(find, () => replace),
  )
}

/** What the files export, each compiled once. */
const loader = (sources: ReadonlyMap<string, string>) => {
  const loaded = new Map<string, Exports>()
  const load = (path: string): Exports => {
    const known = loaded.get(path)
    if (known !== undefined) return known
    const { code } = transformSync(sources.get(path) ?? '', {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    })
    const exports = {}
    loaded.set(path, exports)
    const require = (name: string): unknown => {
      const file = resolve(path, '..', name.replace(/\.js$/, '.ts'))
      if (sources.has(file)) return load(file)
      if (!(name in modules)) throw new Error(`${path} imports ${name}`)
      return modules[name]
    }
    new Function('require', 'exports', code)(require, exports)
    return exports
  }
  return load
}

export const loadStep = (patches: ReadonlyArray<Patch>): Step => {
  const sources = read()
  for (const patch of patches) apply(sources, patch)
  const { step }: Partial<typeof core.Lifecycle> = loader(sources)(ENTRY)
  if (step === undefined) throw new Error('Lifecycle.ts exports no step')
  return step(view)
}
