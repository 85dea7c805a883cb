// Compiles every package as ESM and as CJS; the CJS folder says so to Node by a package.json of its own. Bundlers get a third
// form. What a source left behind that is gone is removed: it would be published. Then programs are bundled.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundle } from './bundle.js'
import { packages, published } from './published.js'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

/**
 * @param {string} output
 * @param {string} source
 */
const prune = (output, source) => {
  if (!existsSync(output)) return
  for (const file of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
    const of = /^(.*)(?:\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1]
    if (of !== undefined && !existsSync(join(source, `${of}.ts`))) rmSync(join(output, file))
  }
}

/**
 * What an index exports as a constant beside a type of its name is a module: as a module, some bundlers take of it what is used.
 * @param {string} text
 */
const asModules = (text) =>
  text.replaceAll(/^export const (\w+) = (\w+);$/gm, (line, name, module) =>
    text.includes(`import * as ${module} from`) ? `export { ${module} as ${name} };` : line,
  )

/**
 * Imports of such a module, `@tessera/core/AuthError` say, from itself: esbuild takes all of one that comes out of an index. Their line
 * stays one, for the source map.
 * @param {string} text
 */
const byModules = (text) =>
  text.replaceAll(/^import \{ ([^}]+?),? \} from '(@tessera\/[\w-]+)';$/gm, (line, list, from) => {
    const exported = published.find(({ manifest }) => manifest.name === from)?.manifest.exports ?? {}
    /** @type {readonly string[]} */
    const names = list.split(', ')
    const isNamespace = (/** @type {string} */ name) => /^[A-Z]/.test(name) && exported[`./${name}`] !== undefined
    const namespaces = names.filter(isNamespace)
    if (namespaces.length === 0) return line
    const others = names.filter((name) => !isNamespace(name))
    return [
      ...namespaces.map((name) => `import * as ${name} from '${from}/${name}';`),
      ...(others.length === 0 ? [] : [`import { ${others.join(', ')} } from '${from}';`]),
    ].join(' ')
  })

/**
 * The ESM form for bundlers, under the condition `module`: it imports fp-ts and io-ts by their ES modules, of which a bundler
 * takes what is used. Node.js, which does not know the condition, cannot load those.
 * @param {string} esm
 * @param {string} output
 */
const bundleable = (esm, output) => {
  for (const file of readdirSync(esm, { recursive: true, encoding: 'utf8' })) {
    if (!/\.js(?:\.map)?$/.test(file)) continue
    const text = readFileSync(join(esm, file), 'utf8')
      .replaceAll(/(?<=from ')(fp-ts|io-ts)\/lib\//g, '$1/es6/')
      .replaceAll("from 'io-ts'", "from 'io-ts/es6/index.js'")
    mkdirSync(dirname(join(output, file)), { recursive: true })
    writeFileSync(join(output, file), file.endsWith('.js') ? byModules(asModules(text)) : text)
  }
}

const { status } = spawnSync(process.execPath, [tsc, '-b', packages, ...process.argv.slice(2)], { stdio: 'inherit' })
if (status !== 0) process.exit(1)
for (const { folder } of published) {
  const source = join(folder, 'src')
  if (!existsSync(join(folder, 'tsconfig.cjs.json'))) {
    prune(join(folder, 'dist'), source)
    continue
  }
  const cjs = join(folder, 'dist', 'cjs')
  prune(cjs, source)
  const esm = join(folder, 'dist', 'esm')
  prune(esm, source)
  const module = join(folder, 'dist', 'module')
  prune(module, source)
  bundleable(esm, module)
  mkdirSync(cjs, { recursive: true })
  writeFileSync(join(cjs, 'package.json'), '{"type":"commonjs"}\n')
}
await bundle()
