// What the sources of each published package may import, beside their own files. biome/imports.json, which biome.json extends, is made of
// it: `npm run check imports`. Each line is proved in test/rules.test.ts.
import { published } from './published.js'
import { compareOrUpdate } from './written.js'

/**
 * Packages of ours, packages of npm, modules of Node.js (`*`: all). fp-ts and io-ts are what Node.js resolves of them.
 * @type {Readonly<Record<string, readonly [ours: string, npm: string, node: string]>>}
 */
const MAY = {
  core: ['', 'fp-ts io-ts', ''],
  oauth2: ['core', 'fp-ts io-ts', ''],
  oidc: ['core oauth2', 'fp-ts io-ts jose', ''],
  box: ['core oauth2', 'fp-ts io-ts', ''],
  providers: ['core oauth2', 'fp-ts', ''],
  // Nothing of the SDK that it is for.
  'box-node-sdk': ['core box', 'fp-ts', 'async_hooks'],
  // Of store-sql it loads what is needed, when it is.
  node: ['core oauth2 store-sql', 'fp-ts io-ts undici jsonwebtoken', '*'],
  broker: ['core', 'fp-ts io-ts', 'crypto fs fs/promises http net os path stream/consumers'],
  // Types of the frameworks.
  web: ['core oauth2', 'fp-ts io-ts express fastify hono', ''],
  mcp: ['core oauth2 node', 'fp-ts io-ts', ''],
  // Nothing of a host.
  adapters: ['core oauth2', 'fp-ts', 'crypto'],
  'store-file': ['core', 'fp-ts', 'crypto fs fs/promises net path timers/promises'],
  'store-redis': ['core', 'fp-ts', ''],
  'store-sql': ['core', 'fp-ts', 'crypto fs os path'],
  sandbox: ['', '', '*'],
  testing: ['core', 'fp-ts io-ts fast-check', ''],
  cli: [
    'core oauth2 box node broker mcp providers sandbox store-file store-redis store-sql',
    'fp-ts io-ts @clack/prompts @redis/client commander leven mysql2 mysql2/promise open pg picocolors',
    '*',
  ],
}

/**
 * What a name stands for, as Biome's patterns, where that is not itself.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const PATTERNS = { 'fp-ts': ['fp-ts/lib/*.js'], 'io-ts': ['io-ts', 'io-ts/lib/*.js'], 'node:*': [':NODE:'] }

/** @param {readonly { readonly group: readonly string[], readonly message: string }[]} patterns */
const rules = (patterns) => ({
  linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
})

/** @param {string} name */
const block = (name) => {
  const may = MAY[name]
  if (may === undefined) throw new Error(`packages/tools/imports.js does not say what ${name} may import`)
  const [ours = [], npm = [], node = []] = may.map((of) => of.split(' ').filter((word) => word !== ''))
  const names = [...ours.map((of) => `@tessera/${of}`), ...npm, ...node.map((of) => `node:${of}`)]
  const shown = names.join(', ').replace('fp-ts', 'fp-ts/lib/X.js')
  const allowed = names.flatMap((of) => PATTERNS[of] ?? [of]).map((pattern) => `!${pattern}`)
  return {
    includes: [`packages/${name}/src/**`],
    ...rules([
      {
        group: ['**', '!:PATH:', ...allowed, '**/src/**', '**/dist/**', '**/test/**'],
        message: `${name} imports only ${shown} and its own files`,
      },
    ]),
  }
}

/** Where it is, from the root. */
export const importsFile = 'packages/tools/biome/imports.json'

/** @returns {string} for all files, and more strictly for the sources of each published package */
export const importsText = () => {
  const everywhere = rules([
    { group: ['fp-ts', 'fp-ts/**', '!fp-ts/lib/*.js'], message: 'Node.js resolves fp-ts/lib/X.js only' },
    { group: ['io-ts/**', '!io-ts/lib/*.js'], message: 'Node.js resolves io-ts and io-ts/lib/X.js only' },
    {
      group: ['@tessera/*/{src,dist}/**', '**/../**/{src,dist}/**', '!**/../{src,dist}/**'],
      message: 'Import another package by its name',
    },
  ])
  const lines = published.map(({ short }) => `    ${JSON.stringify(block(short))}`)
  return `{\n  "linter": ${JSON.stringify(everywhere.linter)},\n  "overrides": [\n${lines.join(',\n')}\n  ]\n}\n`
}

if (process.argv[1]?.endsWith('imports.js')) compareOrUpdate(importsFile, importsText(), 'imports')
