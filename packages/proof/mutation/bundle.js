// Makes one file of all tests that judge core and oauth2, for the copy of the workspace that is the current folder. Jest loads
// some five hundred modules for them otherwise, for each mutant anew, which takes longer than the tests do.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const workspace = fileURLToPath(new URL('../../..', import.meta.url))
const copy = process.cwd()
const own = join(copy, 'packages', 'proof', 'mutation')

/** The tests of a package. Those that read core's sources and change them themselves are left out. */
const testsOf = (/** @type {string} */ name) =>
  readdirSync(join(copy, 'packages', name, 'test'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(copy, 'packages', name, 'test', file))
    .filter((file) => !/@tessera\/proof|interleaving\/judged/.test(readFileSync(file, 'utf8')))

// A mutant dies soonest by the tests of its own part: those of one part first, then those of a session, then all others.
const parts = [
  'authError',
  'retryPolicy',
  'values',
  'secret',
  'tokenSet',
  'cellCodec',
  'strategy',
  'prompt',
  'lifecycle',
]
const ofSession = [
  'events',
  'inspect',
  'waiting',
  'renewal',
  'locks',
  'tokensAtHand',
  'earlyRenewal',
  'backOffs',
  'logins',
  'adopt',
  'revokes',
  'close',
  'refusals',
  'storeClock',
  'withoutKey',
  'lateAnswers',
  'pendingTokens',
  'notifications',
  'recordContents',
  'expiry',
  'deadlines',
  'clockSetBack',
  'observers',
  'storeFailures',
  'coolDowns',
  'singleFlight',
  'overlappingCalls',
  'race',
]
const first = [...parts, ...ofSession].map((name) => join(copy, 'packages', 'core', 'test', `${name}.test.ts`))

// No test of core reaches oauth2.
const isOfOauth2 = process.env['MUTATION_TESTS'] === 'oauth2'
const coreTests = isOfOauth2 ? [] : [...first, ...testsOf('core')]

const tests = [
  ...new Set([...coreTests.slice(0, first.length), ...testsOf('oauth2'), ...coreTests]),
  join(own, 'laws.ts'),
]

const entry = [
  ...['setup', 'secrets'].map(
    (name) => `import ${JSON.stringify(join(copy, 'packages', 'tools', 'jest', `${name}.ts`))}`,
  ),
  ...tests.map((file) => {
    const name = relative(join(copy, 'packages'), file).replaceAll(sep, '/')
    return `if (isWanted(${JSON.stringify(name)})) describe(${JSON.stringify(name)}, () => { require(${JSON.stringify(file)}) })`
  }),
].join('\n')

await build({
  stdin: { contents: entry, resolveDir: own, loader: 'ts' },
  outfile: join(own, 'suite', 'suite.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  tsconfigRaw: '{}',
  minifyWhitespace: true,
  logLevel: 'warning',
  // Jest gives it to whoever asks, and to ask for it anywhere else is an error.
  external: ['@jest/globals'],
  plugins: [
    {
      name: 'mutation',
      setup: ({ onResolve, onLoad, resolve }) => {
        // Packages that are not mutated, as that of the live ciphers, are not copied.
        onResolve({ filter: /^@tessera\// }, ({ path }) => {
          const index = join('packages', path.slice('@tessera/'.length), 'src', 'index.ts')
          return { path: join(existsSync(join(copy, index)) ? copy : workspace, index) }
        })
        onResolve({ filter: /^fast-check$/ }, ({ importer, pluginData }) =>
          pluginData === 'resolved' || importer === join(own, 'fastCheck.js')
            ? undefined
            : { path: join(own, 'fastCheck.js') },
        )
        // The copy has no dependencies installed yet.
        onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir, pluginData }) =>
          pluginData === 'resolved' || copy === workspace || !resolveDir.startsWith(copy)
            ? undefined
            : resolve(path, { kind, resolveDir: join(workspace, relative(copy, resolveDir)), pluginData: 'resolved' }),
        )
        // Fixtures lie beside their test, and not beside the bundle.
        onLoad({ filter: /\.test\.ts$/ }, ({ path }) => ({
          contents: readFileSync(path, 'utf8').replaceAll('__dirname', JSON.stringify(dirname(path))),
          loader: 'ts',
        }))
      },
    },
  ],
})
