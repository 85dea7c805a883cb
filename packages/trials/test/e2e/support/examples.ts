/**
 * The examples of the documentation as programs: every `@example` of a docstring, and every fence of a Markdown file that says
 * `ts`. `assert` is at hand. A fence may say
 * - `ts sandbox`: it finds what `examples/prelude.ts` exports,
 * - `ts no-run: <reason>`: it is type-checked only.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { bundle } from '../../support/bundle.js'

export const ROOT = join(__dirname, '../../../../..')
const HOME = join(ROOT, 'packages/trials')
const PRELUDE = join(HOME, 'examples/prelude.ts')
const CACHE = 'node_modules/.cache/examples'

const packages = (): ReadonlyArray<string> =>
  readdirSync(join(ROOT, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `packages/${name}`)

/** Of a package whose files are paths of their own, these. */
const filesOf = (name: string): ReadonlyArray<readonly [name: string, source: string]> =>
  readdirSync(join(ROOT, `packages/${name}/src`))
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
    .map((file) => [`@tessera/${name}/${file.slice(0, -'.ts'.length)}`, join(ROOT, `packages/${name}/src`, file)])

/** Each package that can be imported, and its source. */
const siblings = (): ReadonlyArray<readonly [name: string, source: string]> => [
  ...['adapters', 'web'].flatMap(filesOf),
  ...packages()
    .map((folder) => [`@tessera/${folder.slice('packages/'.length)}`, join(ROOT, folder, 'src/index.ts')] as const)
    .filter(([, source]) => existsSync(source)),
]

/** Below the package whose example it is, so that its dependencies are found; below this one otherwise. */
const cacheOf = (owner: string): string =>
  existsSync(join(ROOT, owner, 'node_modules')) && owner.startsWith('packages/')
    ? join(ROOT, owner, CACHE)
    : join(HOME, CACHE)

/** One example. */
export interface Example {
  /** Whose it is: `README.md`, `docs`, `packages/core`, … */
  readonly owner: string
  /** Where it stands: a path from the root. */
  readonly file: string
  /** The line of its first line of code. */
  readonly line: number
  readonly code: string
  readonly sandbox: boolean
  readonly runs: boolean
}

// -----------------------------------------------------------------------------
// extraction
// -----------------------------------------------------------------------------

const ownerOf = (file: string): string => /^packages\/[^/]+/.exec(file)?.[0] ?? file.split('/')[0] ?? file

/** The `@example`s of a source file. */
export const inSource = (file: string, text: string): ReadonlyArray<Example> => {
  const found: Example[] = []
  let current: { line: number; code: string[] } | undefined
  const end = (): void => {
    if (current !== undefined)
      found.push({
        owner: ownerOf(file),
        file,
        line: current.line,
        code: current.code.join('\n'),
        sandbox: false,
        runs: true,
      })
    current = undefined
  }
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*\* @example\s*$/.test(line)) {
      end()
      current = { line: index + 2, code: [] }
    } else if (/^\s*\*\/|^\s*\* @\w/.test(line)) end()
    else current?.code.push(line.replace(/^\s*\* ?/, ''))
  }
  return found
}

/** The fences of a Markdown file that say `ts`. */
export const inMarkdown = (file: string, text: string): ReadonlyArray<Example> => {
  const found: Example[] = []
  for (const match of text.matchAll(/^```ts(?<flags>[^\n]*)\n(?<code>.*?)\n```$/gms)) {
    const { flags = '', code = '' } = match.groups ?? {}
    const line = text.slice(0, match.index).split('\n').length + 1
    if (!/^( sandbox)?( no-run: \S.*)?$/.test(flags)) throw new Error(`${file}:${line - 1}: an unknown fence:${flags}`)
    found.push({
      owner: ownerOf(file),
      file,
      line,
      code,
      sandbox: flags.startsWith(' sandbox'),
      runs: !flags.includes('no-run'),
    })
  }
  return found
}

const filesBelow = (folder: string, ending: string): ReadonlyArray<string> =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        // What makes the site of the pages, docs/.vitepress, has copies of them.
        .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
        .map((name) => `${folder}/${name}`)
    : []

/** Every example of the project. */
export const allExamples = (): ReadonlyArray<Example> => {
  const pages = [
    ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
    ...filesBelow('docs', '.md'),
    ...packages()
      .map((folder) => `${folder}/README.md`)
      .filter((file) => existsSync(join(ROOT, file))),
  ]
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
  return [
    ...packages()
      .flatMap((folder) => filesBelow(`${folder}/src`, '.ts'))
      .flatMap((file) => inSource(file, read(file))),
    ...pages.flatMap((file) => inMarkdown(file, read(file))),
  ]
}

// -----------------------------------------------------------------------------
// programs
// -----------------------------------------------------------------------------

const whereOf = ({ file, line }: Example): string => `${file}:${line}`

const imports = ({ code, sandbox }: Example, cache: string): string => {
  const uses = (name: string): boolean =>
    new RegExp(`\\b${name}\\b`).test(code) &&
    !new RegExp(`^import .*\\b${name}\\b.* from|^const (\\{[^}]*\\b)?${name}\\b[^=]*=`, 'm').test(code)
  const given = sandbox ? ['box', 'client', 'Box'].filter(uses) : []
  return [
    ...(uses('assert') ? ["import assert from 'node:assert/strict'"] : []),
    ...(given.length > 0
      ? [`import { ${given.join(', ')} } from '${relative(cache, PRELUDE).replace(/ts$/, 'js')}'`]
      : []),
    // A file without imports would be a script.
    'export {}',
  ].join('; ')
}

/** Examples by the paths of their programs. */
export type Programs = ReadonlyMap<string, Example>

/** Writes each example as a module; what it needs stands on its first line. */
export const write = (examples: ReadonlyArray<Example>): Programs => {
  for (const cache of new Set([join(HOME, CACHE), ...examples.map(({ owner }) => cacheOf(owner))])) {
    rmSync(cache, { recursive: true, force: true })
    mkdirSync(cache, { recursive: true })
  }
  const programs = new Map(
    examples.map((example, index) => [join(cacheOf(example.owner), `example${index}.mts`), example] as const),
  )
  for (const [path, example] of programs) {
    writeFileSync(path, `${imports(example, cacheOf(example.owner))}\n${example.code}\n`)
  }
  return programs
}

/** What is wrong with an example, and where. */
export interface Complaint {
  readonly where: string
  readonly what: string
}

/** Type-checks all of them at once, as strictly as the project itself. An example may name what it does not use. */
export const typeCheck = async (programs: Programs): Promise<ReadonlyArray<Complaint>> => {
  const cache = join(HOME, CACHE)
  const config = join(cache, 'tsconfig.json')
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        declaration: false,
        noEmit: true,
        // The build checks the declarations of what the packages import.
        skipLibCheck: true,
        types: ['node'],
        paths: Object.fromEntries(siblings().map(([name, source]) => [name, [source]])),
      },
      files: [
        ...programs.keys(),
        ...packages()
          .flatMap((folder) => filesBelow(`${folder}/src`, '.d.ts'))
          .map((file) => join(ROOT, file)),
      ],
    }),
  )
  const output = await new Promise<string>((done) => {
    execFile(
      join(ROOT, 'node_modules/.bin/tsc'),
      // Each checker more would check again what the sources share.
      ['--pretty', 'false', '--checkers', '1', '-p', config],
      { cwd: cache },
      (_error, stdout) => done(stdout),
    )
  })
  return [...output.matchAll(/^(?<name>[^\n(]+)\((?<line>\d+),\d+\): error (?<code>TS\d+): (?<what>[^\n]*)/gm)].flatMap(
    ({ groups: { name = '', line = '', code = '', what = '' } = {} }) => {
      const example = programs.get(resolve(cache, name))
      if (example === undefined) return [{ where: name, what }]
      const offset = Number(line) - 2
      const unused = code === 'TS6133' || code === 'TS6196'
      if (unused && !/^import\b/.test(example.code.split('\n')[offset] ?? '')) return []
      return [{ where: `${example.file}:${example.line + offset}`, what }]
    },
  )
}

const RUNNER = `
const failed = []
let current = ''
const complain = (error) => failed.push({ where: current, what: String(error?.stack ?? error) })
process.on('unhandledRejection', complain)
process.on('uncaughtException', complain)
process.on('exit', () => {
  if (current !== '') complain('it waits for what never comes')
  process.stderr.write(JSON.stringify(failed))
})
const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
for (const [where, run] of examples) {
  current = where
  await run().catch(complain)
  // What is not awaited ends meanwhile, so that its failure is known to be its own.
  await turn()
}
await close()
current = ''
`

/** Runs the examples of one owner, one after the other, in one process. What they print is dropped. */
export const run = async (owner: string, programs: Programs, patience = 240_000): Promise<ReadonlyArray<Complaint>> => {
  const own = [...programs].filter(([, example]) => example.owner === owner && example.runs)
  const usesPrelude = own.some(([, { sandbox }]) => sandbox)
  const name = `run-${owner.replaceAll(/\W/g, '-')}`
  const folder = join(cacheOf(owner), name)
  const entry = join(cacheOf(owner), `${name}.mts`)
  writeFileSync(
    entry,
    [
      'const examples = [',
      ...own.map(
        ([path, example]) => `  [${JSON.stringify(whereOf(example))}, () => import(${JSON.stringify(path)})],`,
      ),
      ']',
      usesPrelude
        ? `const close = () => import(${JSON.stringify(PRELUDE)}).then(({ box }) => box.close())`
        : 'const close = () => {}',
      RUNNER,
    ].join('\n'),
  )
  const failure = await bundle({ entry, folder, alias: Object.fromEntries(siblings()) })
  if (failure !== '') return [{ where: owner, what: failure }]
  const child = spawn(process.execPath, [join(folder, `${name}.mjs`)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
  })
  let written = ''
  child.stderr.on('data', (chunk: Buffer) => {
    written += chunk.toString()
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  const signal = await new Promise<string | null>((done) => {
    child.on('close', (_code, killed) => done(killed))
  })
  clearTimeout(timer)
  if (signal !== null) return [{ where: owner, what: `it did not end: ${written}` }]
  const report: unknown = JSON.parse(written.slice(written.lastIndexOf('\n') + 1).replace(/^[^[]*(?=\[)/, '') || 'null')
  return Array.isArray(report) ? report : [{ where: owner, what: written }]
}
