// What `npm run check`, `proof`, `faults`, `bench`, `docs` and `release` run: `npm run check lint` a program of this table, with the arguments
// that follow. What the program needs is installed and built first, unless `--built` stands before its name: `npm run check -- --built lint`.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { root } from './published.js'

/**
 * @typedef {{ readonly says: string, readonly runs: readonly string[], readonly isBare: boolean }} Program
 *   whose arguments are those of the last line; a bare one needs no build
 */

/** @param {string} says @param {readonly string[]} runs @returns {Program} */
const built = (says, ...runs) => ({ says, runs, isBare: false })
/** @param {string} says @param {readonly string[]} runs @returns {Program} */
const bare = (says, ...runs) => ({ says, runs, isBare: true })

/**
 * By the words after `npm run`. What has no name runs where none is said; `check` then runs all.
 * @type {Readonly<Record<string, Readonly<Record<string, Program>>>>}
 */
export const commands = {
  check: {
    lint: bare('style, imports and effects; npm run format repairs', 'biome check --error-on-warnings .'),
    types: bare(
      'the types of sources, tests and tools',
      ...['packages/tsconfig.test.json', 'packages/tools', 'packages/proof/mutation'].map(
        (project) => `tsc -p ${project}`,
      ),
    ),
    api: built('each public surface is its X.api.md; --update writes it', 'node packages/tools/api.js'),
    packages: built('what would be published', 'node packages/tools/packages.js'),
    errors: bare('docs/guides/errors.md is what sources say; --update', 'node packages/tools/errors.js'),
    diagram: built('docs/lifecycle.md is what step does; --update', 'node packages/tools/diagram.js'),
    providers: built('docs/providers.md is what the presets are; --update', 'node packages/tools/providers.js'),
    compare: bare('docs/comparison.md is what its programs count; --update', 'node packages/tools/compare.js'),
    imports: bare('the linter knows the table of imports.js; --update', 'node packages/tools/imports.js'),
  },
  proof: {
    explore: built('every schedule of small cases; --mutants, --step', 'node packages/proof/dist/schedules/main.js'),
    zoo: built('broken parts are rejected, and no honest one', 'node packages/proof/dist/zoo/main.js'),
    mutation: bare('mutants of core and oauth2', 'node packages/proof/mutation/main.js'),
    coverage: bare(
      'the lines of core and oauth2 that their own tests reach',
      'env FC_RUNS=20 jest --coverage --testPathIgnorePatterns interleaving -- packages/core packages/oauth2',
    ),
    guard: built(
      'no more requests, commands, packages and bytes than may be',
      'jest --testPathIgnorePatterns /node_modules/ -- packages/bench',
    ),
    parity: built("the seed's contract", 'node packages/trials/dist/parity/main.js'),
    conformance: built("MCP's suite", 'node packages/mcp/conformance/main.js'),
    mcp: built("eight processes, by MCP's SDK and by ours", 'node packages/mcp/compare/main.js'),
    consumers: built('the tarballs on every Node.js, Bun and Deno', 'node packages/tools/consumers.js'),
    snippets: built('the programs of the pages', 'node packages/tools/snippets.js'),
    long: built('what takes hours, and a page of how it ended', 'node packages/tools/longRuns.js'),
  },
  faults: { '': built('faults of processes, networks and servers', 'node packages/trials/bin/faults.js') },
  bench: { '': built('Tessera beside its peers', 'node packages/bench/dist/main.js') },
  docs: {
    '': built(
      'the site',
      'npx --yes --prefer-offline pnpm@10.34.9 --dir docs/.vitepress install --ignore-workspace --frozen-lockfile --prefer-offline',
      'node docs/.vitepress/main.js',
    ),
  },
  release: {
    '': built('publishes what is not published yet; --dry-run', 'node packages/tools/release.js'),
    pack: built('packs it into dist', 'node packages/tools/tarballs.js'),
  },
}

/** @param {string} command */
export const usage = (command) => {
  const lines = Object.entries(commands)
    .filter(([name]) => name === command || !Object.hasOwn(commands, command))
    .flatMap(([name, programs]) => [
      ...(name === 'check' ? [[name, 'all of these']] : []),
      ...Object.entries(programs).map(([program, { says }]) => [`${name} ${program}`, says]),
    ])
    .map(([words = '', says = '']) => `  npm run ${words.padEnd(20)} ${says}\n`)
  return `${lines.join('')}\nWhat follows is for the program, options after --: npm run check api -- --update\n`
}

/**
 * @param {string} command
 * @param {readonly string[]} words
 * @returns {{ readonly isBuilt: boolean, readonly names: readonly string[], readonly args: readonly string[] } | undefined} `undefined`
 *   where the table has no such program
 */
export const choice = (command, words) => {
  const programs = commands[command] ?? {}
  const isBuilt = words[0] === '--built'
  const rest = isBuilt ? words.slice(1) : words
  const [name, ...args] = rest
  if (name !== undefined && Object.hasOwn(programs, name)) return { isBuilt, names: [name], args }
  // A word that is none of them is a slip of the fingers, and must not publish.
  if (programs[''] !== undefined && (name === undefined || name.startsWith('-')))
    return { isBuilt, names: [''], args: rest }
  if (command === 'check' && name === undefined) return { isBuilt, names: Object.keys(programs), args }
  return undefined
}

/**
 * Runs programs one after another, until one fails. A signal is for the one that runs, which knows what it must end; after it nothing else
 * is run.
 */
const runner = () => {
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) }
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child
  let isStopped = false
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => {
      isStopped = true
      child?.kill(signal)
    })

  /** @param {string} line @param {readonly string[]} args @returns {Promise<number>} its exit code */
  const start = (line, args) =>
    new Promise((resolve) => {
      const [program = '', ...own] = line.split(' ')
      child = spawn(program, [...own, ...args], { cwd: root, env, stdio: 'inherit' })
      child.once('error', ({ message }) => {
        console.error(`${message}: npm run setup installs what is needed`)
        resolve(1)
      })
      child.once('close', (code) => (isStopped ? process.exit(code ?? 1) : resolve(code ?? 1)))
    })

  /** @param {readonly string[]} lines @param {readonly string[]} [args] of the last */
  return async (lines, args = []) => {
    for (const [index, line] of lines.entries()) {
      const code = await start(line, index === lines.length - 1 ? args : [])
      if (code !== 0) return code
    }
    return 0
  }
}

const main = async () => {
  const [command = '', ...words] = process.argv.slice(2)
  const chosen = choice(command, words)
  if (chosen === undefined) {
    const isHelp = words[0] === '--help'
    ;(isHelp ? process.stdout : process.stderr).write(usage(command))
    return isHelp ? 0 : 2
  }
  const { isBuilt, names, args } = chosen
  const run = runner()
  const programs = Object.entries(commands[command] ?? {}).filter(([name]) => names.includes(name))
  if (!isBuilt && !programs.every(([, { isBare }]) => isBare)) {
    const code = await run(['npm run setup', 'npm run build'])
    if (code !== 0) return code
  }
  const [only, ...others] = programs
  if (only !== undefined && others.length === 0) return run(only[1].runs, args)
  let failed = 0
  for (const [name, { runs }] of programs) {
    console.log(`\n=== ${name}`)
    const code = await run(runs)
    if (code !== 0) failed++
    console.log(`=== ${name}: ${code === 0 ? 'passed' : `FAILED (${code})`}`)
  }
  console.log(`\n${programs.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

if (process.argv[1]?.endsWith('run.js'))
  void main().then((code) => {
    process.exitCode = code
  })
