// Compiles every package as ESM and as CJS; the CJS folder says so to Node by a package.json of its own.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

execFileSync(process.execPath, [tsc, '-b', packages, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const name of readdirSync(packages)) {
  if (!existsSync(join(packages, name, 'tsconfig.cjs.json'))) continue
  const cjs = join(packages, name, 'dist', 'cjs')
  mkdirSync(cjs, { recursive: true })
  writeFileSync(join(cjs, 'package.json'), '{"type":"commonjs"}\n')
}
