/**
 * `Lifecycle.step` with a part of its source replaced: a mutant, compiled in memory.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/core'
import * as core from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Step, view } from './State.js'

/** The text is replaced once, and must be there. */
export interface Patch {
  readonly find: string
  readonly replace: string
}

const SOURCE = fileURLToPath(new URL('../../core/src/Lifecycle.ts', import.meta.url))

/** What the source imports beside types, and what a file that it imports does. */
const modules: Readonly<Record<string, unknown>> = {
  'fp-ts/lib/Option.js': O,
  'fp-ts/lib/function.js': { pipe },
  './Time.js': core,
  '../Time.js': core,
}
const files: Readonly<Record<string, string>> = {
  './internal/refusals.js': fileURLToPath(new URL('../../core/src/internal/refusals.ts', import.meta.url)),
}

/** What a text of TypeScript exports. */
const load = (source: string): Readonly<Record<string, unknown>> => {
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  })
  const exports = {}
  const require = (name: string): unknown => {
    const file = files[name]
    if (file !== undefined) return load(readFileSync(file, 'utf8'))
    if (!(name in modules)) throw new Error(`Lifecycle.ts imports ${name}`)
    return modules[name]
  }
  new Function('require', 'exports', code)(require, exports)
  return exports
}

export const loadStep = (patches: ReadonlyArray<Patch>): Step => {
  const source = patches.reduce(
    (text, { find, replace }) => {
      if (text.split(find).length !== 2) throw new Error(`not exactly once in Lifecycle.ts: ${find}`)
      return text.replace(find, () => replace)
    },
    readFileSync(SOURCE, 'utf8'),
  )
  const { step }: Partial<typeof core.Lifecycle> = load(source)
  if (step === undefined) throw new Error('Lifecycle.ts exports no step')
  return step(view)
}
