// Compiles every package as ESM and as CJS; the CJS folder says so to Node by a package.json of its own. What a source left
// behind that is gone is removed: it would be published. Then programs are bundled.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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
  prune(join(folder, 'dist', 'esm'), source)
  mkdirSync(cjs, { recursive: true })
  writeFileSync(join(cjs, 'package.json'), '{"type":"commonjs"}\n')
}
await bundle()
