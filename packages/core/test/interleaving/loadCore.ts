import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { transformSync } from '@swc/core'

/** One deliberate break of the source: the text is replaced once, and must be there. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

export type Core = typeof import('../../src/index.js')

const root = resolve(__dirname, '../../src')
const external = createRequire(join(root, 'index.ts'))
const compiled = new Map<string, string>()

const compile = (source: string): string => {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  })
  compiled.set(source, code)
  return code
}

/** A copy of the package of its own, with the patches applied. */
export const loadCore = (patches: ReadonlyArray<Patch> = []): Core => {
  const modules = new Map<string, { exports: unknown }>()
  const applied = new Set<Patch>()

  const patched = (path: string): string => {
    let source = readFileSync(path, 'utf8')
    for (const patch of patches) {
      if (patch.file !== relative(root, path)) continue
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
    new Function('require', 'module', 'exports', compile(patched(path)))(require, module, module.exports)
    return module.exports
  }

  const core = load(join(root, 'index.ts'))
  for (const patch of patches) {
    if (!applied.has(patch)) throw new Error(`no such file: ${patch.file}`)
  }
  return core as Core
}
