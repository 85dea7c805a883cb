/**
 * The programs of `src/programs`, bundled as a user would: ours against the tarballs, the peers against what is installed.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { FLOOR, OURS, type Role } from './Case.js'

/** A program, and whose it is. */
export interface Program {
  readonly name: string
  readonly role: Role
  /** In `src/programs`. */
  readonly file: string
  /** Its start is held to the goal of F1. */
  readonly isJudged?: boolean
  /** The goal, in kB by gzip. */
  readonly goal?: number
}

export const programs: ReadonlyArray<Program> = [
  { name: FLOOR, role: 'floor', file: 'floor' },
  { name: OURS, role: 'ours', file: 'tessera', isJudged: true, goal: 19 },
  { name: `${OURS}, with undici`, role: 'ours', file: 'tesseraUndici' },
  { name: 'box-node-sdk', role: 'peer', file: 'boxNodeSdk' },
  { name: 'google-auth-library', role: 'peer', file: 'googleAuthLibrary' },
  { name: '@azure/msal-node', role: 'peer', file: 'msalNode' },
  { name: 'openid-client', role: 'peer', file: 'openidClient' },
  { name: 'oauth4webapi', role: 'peer', file: 'oauth4webapi' },
]

/** What a program may need of ours and nothing else: they are bundled, and not run. */
export const parts: ReadonlyArray<Program> = [
  { name: `${OURS}, a strategy alone`, role: 'ours', file: 'strategy', goal: 9 },
  { name: `${OURS}, a strategy that refreshes`, role: 'ours', file: 'refresh' },
  { name: `${OURS}, a source alone`, role: 'ours', file: 'source', goal: 13 },
]

/** A program in one file, minified. */
export interface Bundled {
  readonly program: Program
  readonly file: string
  readonly bytes: number
  readonly gzipped: number
}

/** A folder with all of them, until it is closed. */
export interface Bundles {
  readonly all: ReadonlyArray<Bundled>
  readonly folder: string
  readonly close: () => void
}

const here = fileURLToPath(new URL('..', import.meta.url))
const root = join(here, '..', '..')
const OWN = ['core', 'oauth2', 'node'] as const

/** What `npm install` of our tarballs makes of a folder, with what they depend on. */
const install = (folder: string): void => {
  const tarballs = join(folder, 'tarballs')
  const filters = OWN.flatMap((name) => ['--filter', `@tessera/${name}`])
  const pnpm = ['--yes', '--prefer-offline', 'pnpm@10.34.9', '--recursive', ...filters]
  execFileSync('npx', [...pnpm, 'pack', '--pack-destination', tarballs], { cwd: root, stdio: 'ignore' })
  const modules = join(folder, 'node_modules')
  for (const name of OWN) {
    const target = join(modules, '@tessera', name)
    mkdirSync(target, { recursive: true })
    const tarball = readdirSync(tarballs).find((file) => file.startsWith(`tessera-${name}-`))
    if (tarball === undefined) throw new Error(`there is no tarball of ${name}`)
    execFileSync('tar', ['-xzf', join(tarballs, tarball), '-C', target, '--strip-components=1'])
  }
  for (const name of ['fp-ts', 'io-ts', 'undici', 'jsonwebtoken']) {
    const owner = name === 'undici' || name === 'jsonwebtoken' ? 'node' : 'core'
    symlinkSync(join(here, '..', owner, 'node_modules', name), join(modules, name))
  }
}

/** Bundles some of the programs; all unless told. */
export const bundle = async (some: ReadonlyArray<Program> = programs): Promise<Bundles> => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bundles-'))
  const close = () => rmSync(folder, { recursive: true, force: true })
  try {
    install(folder)
    const all: Bundled[] = []
    for (const program of some) {
      const source = join(here, 'dist', 'programs', `${program.file}.js`)
      const entry = program.role === 'ours' ? join(folder, `${program.file}.js`) : source
      if (program.role === 'ours') cpSync(source, entry)
      const file = join(folder, 'out', `${program.file}.mjs`)
      await build({
        entryPoints: [entry],
        outfile: file,
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'node',
        target: 'node20',
        logLevel: 'error',
        // CommonJS modules among them ask for those of Node.js.
        banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
      })
      const text = readFileSync(file)
      all.push({ program, file, bytes: text.length, gzipped: gzipSync(text).length })
    }
    return { all, folder, close }
  } catch (error) {
    close()
    throw error
  }
}
