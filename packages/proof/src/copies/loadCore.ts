/** Copies of core, broken by changing its text. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/core'
import type * as CoreModule from '@tessera/core'

/** One deliberate break of the source: the text is replaced once, and must be there. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** What core exports. */
export type Core = typeof CoreModule

/** Core's source. */
const ROOT = fileURLToPath(new URL('../../../core/src', import.meta.url))

/** Globals as variables: under Jest, where copies are run most, each look at a global is a call. */
const GLOBALS = {
  ...{ Object, Array, String, Number, Boolean, BigInt, Symbol, RegExp, Math, JSON, Reflect },
  ...{ Error, RangeError, TypeError, Promise, Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry },
  ...{ Uint8Array, ArrayBuffer, AbortController, AbortSignal, TextEncoder, TextDecoder, URL, URLSearchParams },
}

type Run = (require: (name: string) => unknown, module: { exports: unknown }) => void

const compile = (source: string): Run => {
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  })
  const run = new Function('require', 'module', 'exports', ...Object.keys(GLOBALS), code)
  return (require, module) => {
    run(require, module, module.exports, ...Object.values(GLOBALS))
  }
}

/** Reads and compiles each source once: copies share what their patches leave as it is. */
const makeSources = () => {
  const texts = new Map<string, string>()
  const compiled = new Map<string, Run>()
  const once = <A>(memory: Map<string, A>, key: string, make: (key: string) => A): A => {
    const known = memory.get(key)
    if (known !== undefined) return known
    const made = make(key)
    memory.set(key, made)
    return made
  }
  return {
    read: (path: string) => once(texts, path, (of) => readFileSync(of, 'utf8')),
    compile: (source: string) => once(compiled, source, compile),
  }
}

/** Makes copies of core, each of its own, with patches applied. */
export const coreLoader = (): ((patches?: ReadonlyArray<Patch>) => Core) => {
  const external = createRequire(join(ROOT, 'index.ts'))
  const sources = makeSources()

  return (patches = []) => {
    const modules = new Map<string, { exports: unknown }>()
    const applied = new Set<Patch>()

    const patched = (path: string): string => {
      let source = sources.read(path)
      for (const patch of patches) {
        if (patch.file !== relative(ROOT, path)) continue
        if (source.split(patch.find).length !== 2) throw new Error(`not exactly once in ${patch.file}: ${patch.find}`)
        source = source.replace(patch.find, () => patch.replace)
        applied.add(patch)
      }
      return source
    }

    const load = (path: string): unknown => {
      const known = modules.get(path)
      if (known !== undefined) return known.exports
      const module = { exports: {} }
      modules.set(path, module)
      const require = (name: string): unknown =>
        name.startsWith('.') ? load(resolve(dirname(path), name.replace(/\.js$/, '.ts'))) : external(name)
      sources.compile(patched(path))(require, module)
      return module.exports
    }

    const core = load(join(ROOT, 'index.ts'))
    for (const patch of patches) {
      if (!applied.has(patch)) throw new Error(`no such file: ${patch.file}`)
    }
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: it is core's own index, compiled.
    return core as Core
  }
}
