import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Each rule of biome.json against a text that breaks it and a text that is as near as can be and does not. All are
 * written into one copy of the project's skeleton, which is checked once.
 */
interface Rule {
  readonly rule: string
  readonly message?: string
  readonly severity?: 'warning'
  readonly breaks: Readonly<Record<string, string>>
  readonly keeps: Readonly<Record<string, string>>
}

const root = join(__dirname, '..', '..', '..')
const importOf = (name: string) => `import * as it from '${name}'\nexport const used = it\n`
const imports = (name: string, forbidden: readonly string[], allowed: readonly string[]): Rule => ({
  rule: 'lint/style/noRestrictedImports',
  message: `${name} imports only`,
  breaks: Object.fromEntries(forbidden.map((of, i) => [`packages/${name}/src/bad${i}.ts`, importOf(of)])),
  keeps: Object.fromEntries(allowed.map((of, i) => [`packages/${name}/src/good${i}.ts`, importOf(of)])),
})
const effects = (effect: string): Rule => ({
  rule: 'lint/style/noRestrictedGlobals',
  breaks: Object.fromEntries(
    ['core', 'oauth2', 'box', 'providers', 'testing', 'web'].map((name) => [
      `packages/${name}/src/${effect}.ts`,
      `export const used = () => ${effect}\n`,
    ]),
  ),
  keeps: {
    [`packages/node/src/${effect}.ts`]: `export const used = () => ${effect}\n`,
    [`packages/core/test/${effect}.ts`]: `export const used = () => ${effect}\n`,
  },
})
const text = (rule: string, breaks: string, keeps: string, file = 'packages/core/src/text.ts'): Rule => ({
  rule,
  breaks: { [file]: breaks },
  keeps: { [file]: keeps },
})
const plugin = (message: string, breaks: string, keeps: string, file?: string): Rule => ({
  ...text('plugin', breaks, keeps, file),
  message,
})

const pure = ['fp-ts/lib/Either.js', 'io-ts', 'io-ts/lib/index.js', './other.js']
const impure = ['node:crypto', 'crypto', 'undici', 'jsonwebtoken', '../../node/src/index.js', '@tessera/testing']

const rules: Readonly<Record<string, Rule>> = {
  'core imports nobody': imports('core', [...impure, '@tessera/oauth2', '@tessera/core'], pure),
  'oauth2 imports core': imports(
    'oauth2',
    [...impure, '@tessera/box', '@tessera/node', '../../core/src/index.js', '@tessera/core/dist/esm/index.js'],
    [...pure, '@tessera/core'],
  ),
  'box imports core and oauth2': imports(
    'box',
    [...impure, '@tessera/node', '@tessera/sandbox'],
    [...pure, '@tessera/core', '@tessera/oauth2'],
  ),
  'providers imports core and oauth2': imports(
    'providers',
    ['node:crypto', 'io-ts', '@tessera/node', '@tessera/box', '../../oauth2/src/index.js'],
    ['fp-ts/lib/Either.js', './other.js', '@tessera/core', '@tessera/oauth2'],
  ),
  'oidc imports core, oauth2 and jose': imports(
    'oidc',
    ['node:crypto', '@tessera/node', '@tessera/providers', 'jsonwebtoken', '../../oauth2/src/index.js'],
    [...pure, '@tessera/core', '@tessera/oauth2', 'jose'],
  ),
  'box-node-sdk imports core and box, and nothing of the SDK': imports(
    'box-node-sdk',
    ['box-node-sdk', 'box-node-sdk/networking', 'node:crypto', '@tessera/oauth2', '@tessera/node', 'io-ts'],
    ['fp-ts/lib/Either.js', '@tessera/core', '@tessera/box', './other.js'],
  ),
  'node imports core and oauth2': imports(
    'node',
    ['@tessera/box', '@tessera/sandbox', '@tessera/testing', 'axios', '../../core/src/index.js'],
    [...pure, '@tessera/core', '@tessera/oauth2', 'undici', 'jsonwebtoken', 'node:crypto', 'node:fs/promises'],
  ),
  'sandbox imports nothing of ours': imports(
    'sandbox',
    ['@tessera/core', '@tessera/oauth2', 'fp-ts/lib/Either.js', 'undici', '../../core/src/index.js'],
    ['node:http', './other.js'],
  ),
  'mcp imports core, oauth2 and node, and nothing of the SDK': imports(
    'mcp',
    ['@modelcontextprotocol/sdk/client/index.js', '@modelcontextprotocol/client', 'node:http', '@tessera/store-file'],
    [...pure, '@tessera/core', '@tessera/oauth2', '@tessera/node'],
  ),
  'adapters imports core and oauth2, and nothing of a host': imports(
    'adapters',
    ['axios', 'google-auth-library', '@azure/core-auth', 'io-ts', 'node:http', '@tessera/node'],
    ['fp-ts/lib/Either.js', 'node:crypto', './other.js', '@tessera/core', '@tessera/oauth2'],
  ),
  'broker imports core, and of Node.js sockets and files': imports(
    'broker',
    ['node:child_process', 'node:https', 'undici', '@tessera/oauth2', '@tessera/node', '@tessera/store-file'],
    [...pure, '@tessera/core', 'node:http', 'node:net', 'node:fs', 'node:fs/promises', 'node:os', 'node:crypto'],
  ),
  'web imports core and oauth2, and types of the frameworks': imports(
    'web',
    ['node:http', 'express/lib/express.js', 'hono/cookie', '@fastify/cookie', '@tessera/node', '@tessera/oidc'],
    [...pure, '@tessera/core', '@tessera/oauth2', 'express', 'fastify', 'hono'],
  ),
  'store-file imports core, and of Node.js what it takes': imports(
    'store-file',
    ['node:child_process', 'node:http', 'io-ts', '@tessera/oauth2', '@tessera/node', '../../core/src/index.js'],
    ['fp-ts/lib/Either.js', '@tessera/core', 'node:fs/promises', 'node:net', 'node:crypto', './other.js'],
  ),
  'store-redis imports core': imports(
    'store-redis',
    ['node:crypto', 'ioredis', '@redis/client', '@tessera/oauth2', '@tessera/node', '../../core/src/index.js'],
    ['fp-ts/lib/Either.js', '@tessera/core', './other.js'],
  ),
  'store-sql imports core, and no driver': imports(
    'store-sql',
    ['pg', 'mysql2/promise', 'better-sqlite3', 'node:sqlite', '@tessera/oauth2', '../../core/src/index.js'],
    ['fp-ts/lib/Either.js', '@tessera/core', 'node:crypto', 'node:fs', './other.js'],
  ),
  'testing imports core': imports(
    'testing',
    ['node:crypto', '@tessera/oauth2', '@tessera/sandbox'],
    [...pure, '@tessera/core', 'fast-check'],
  ),
  'cli imports no tests': imports(
    'cli',
    ['@tessera/testing', 'undici', '../../core/src/index.js'],
    ['@tessera/box', '@tessera/core', '@tessera/node', '@tessera/oauth2', '@tessera/sandbox', 'commander', 'node:fs'],
  ),
  'fp-ts as Node.js resolves it': {
    rule: 'lint/style/noRestrictedImports',
    message: 'Node.js resolves',
    breaks: Object.fromEntries(
      ['fp-ts', 'fp-ts/Either', 'fp-ts/lib/Either', 'fp-ts/es6/Either.js', 'io-ts/Codec', 'io-ts/lib/Codec'].map(
        (of, i) => [`packages/core/test/bad${i}.test.ts`, importOf(of)],
      ),
    ),
    keeps: { 'packages/core/test/good.test.ts': importOf('fp-ts/lib/Either.js') },
  },
  'tests reach other packages by their names': {
    rule: 'lint/style/noRestrictedImports',
    message: 'by its name',
    breaks: Object.fromEntries(
      [
        '../../node/src/index.js',
        '../../../node/src/index.js',
        '../../../packages/node/src/index.js',
        '@tessera/node/dist/esm/index.js',
      ].map((of, i) => [`packages/core/test/reach${i}.test.ts`, importOf(of)]),
    ),
    keeps: {
      'packages/core/test/reach.test.ts': importOf('../src/index.js'),
      'packages/core/test/deep/reach.test.ts': importOf('../../src/index.js'),
    },
  },
  're-exports obey too': text(
    'lint/style/noRestrictedImports',
    `export * from '@tessera/node'\n`,
    `export * from './other.js'\n`,
  ),
  'type imports obey too': text(
    'lint/style/noRestrictedImports',
    `import type { Http } from '@tessera/node'\nexport type Used = Http\n`,
    `import type { Http } from './other.js'\nexport type Used = Http\n`,
  ),
  'dynamic imports obey too': text(
    'lint/style/noRestrictedImports',
    `export const used = () => import('@tessera/node')\n`,
    `export const used = () => import('./other.js')\n`,
  ),
  'dependencies are declared': text(
    'lint/correctness/noUndeclaredDependencies',
    importOf('open'),
    importOf('undici'),
    'packages/node/src/declared.ts',
  ),
  'source does not use what only tests may': {
    rule: 'lint/correctness/noUndeclaredDependencies',
    breaks: { 'packages/node/src/development.ts': importOf('only-for-development') },
    keeps: { 'packages/trials/test/e2e/development.test.ts': importOf('only-for-development') },
  },
  'no import cycles': {
    rule: 'lint/suspicious/noImportCycles',
    breaks: {
      'packages/core/src/cycle.ts': importOf('./cycle2.js'),
      'packages/core/src/cycle2.ts': importOf('./cycle.js'),
    },
    keeps: {
      'packages/core/src/cycle.ts': importOf('./cycle2.js'),
      'packages/core/src/cycle2.ts': importOf('./other.js'),
    },
  },
  'no import cycles of types': {
    rule: 'lint/suspicious/noImportCycles',
    breaks: {
      'packages/core/src/cycle.ts': `import type { B } from './cycle2.js'\nexport type A = B\n`,
      'packages/core/src/cycle2.ts': `import type { A } from './cycle.js'\nexport type B = { readonly a: A }\n`,
    },
    keeps: {
      'packages/core/src/cycle.ts': `import type { B } from './cycle2.js'\nexport type A = B\n`,
      'packages/core/src/cycle2.ts': `import type { A } from './other.js'\nexport type B = { readonly a: A }\n`,
    },
  },
  ...Object.fromEntries(
    [
      ...['Date', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'queueMicrotask', 'fetch', 'process'],
      ...['Buffer', 'crypto', 'performance', 'console', 'window', 'document', 'globalThis', 'localStorage', 'require'],
    ].map((effect) => [`pure packages have no ${effect}`, effects(effect)]),
  ),
  'pure packages draw nothing': text(
    'lint/nursery/noJsRestrictedProperties',
    'export const used = () => Math.random()\n',
    'export const used = () => Math.round(1)\n',
  ),
  'pure packages draw nothing by destructuring': text(
    'lint/nursery/noJsRestrictedProperties',
    'export const { random } = Math\n',
    'export const { round } = Math\n',
  ),
  'pure packages set no timer': text(
    'lint/nursery/noJsRestrictedProperties',
    'export const used = () => AbortSignal.timeout(1)\n',
    'export const used = (signal: AbortSignal) => AbortSignal.any([signal])\n',
  ),
  'no any': text('lint/suspicious/noExplicitAny', 'export type It = any\n', 'export type It = unknown\n'),
  'no cast without a reason': text(
    'lint/nursery/noUnsafeTypeAssertion',
    'export const it = (value: unknown) => value as string\n',
    [
      `export const it = ['a'] as const`,
      '// biome-ignore lint/nursery/noUnsafeTypeAssertion: the reason',
      'export const other = (value: unknown) => value as string\n',
    ].join('\n'),
  ),
  'no suppression without a reason': text(
    'suppressions/parse',
    '// biome-ignore lint/suspicious/noExplicitAny:\nexport type It = any\n',
    '// biome-ignore lint/suspicious/noExplicitAny: the reason\nexport type It = any\n',
  ),
  'no suppression without need': {
    ...text(
      'suppressions/unused',
      '// biome-ignore lint/suspicious/noExplicitAny: the reason\nexport type It = string\n',
      'export type It = string\n',
    ),
    severity: 'warning',
  },
  'no non-null assertion': text(
    'lint/style/noNonNullAssertion',
    'export const it = (value?: string) => value!.length\n',
    'export const it = (value?: string) => value?.length\n',
  ),
  'no enum': text('lint/style/noEnum', 'export enum It {\n  A,\n}\n', `export type It = 'A'\n`),
  'no default export': text('lint/style/noDefaultExport', 'export default 1\n', 'export const it = 1\n'),
  'type imports say so': text(
    'lint/style/useImportType',
    `import { A } from './other.js'\nexport type It = A\n`,
    `import type { A } from './other.js'\nexport type It = A\n`,
  ),
  'no floating promises': text(
    'lint/nursery/noFloatingPromises',
    'export const it = async () => {}\nit()\n',
    'export const it = async () => {}\nvoid it()\n',
  ),
  'switches are exhaustive': text(
    'lint/nursery/useExhaustiveSwitchCases',
    `export const it = (of: 'a' | 'b') => {\n  switch (of) {\n    case 'a':\n      return 1\n  }\n}\n`,
    `export const it = (of: 'a' | 'b') => {\n  switch (of) {\n    case 'a':\n      return 1\n    case 'b':\n      return 2\n  }\n}\n`,
  ),
  'no console': text(
    'lint/suspicious/noConsole',
    `export const it = () => console.log('a')\n`,
    `export const it = () => 'a'\n`,
    'packages/node/src/text.ts',
  ),
  'no skipped test': text(
    'lint/suspicious/noSkippedTests',
    `test.skip('a', () => {})\n`,
    `test('a', () => {})\n`,
    'packages/core/test/skip.test.ts',
  ),
  'no lone test': text(
    'lint/suspicious/noFocusedTests',
    `test.only('a', () => {})\n`,
    `test('a', () => {})\n`,
    'packages/core/test/only.test.ts',
  ),
  'no inheritance': plugin(
    'No class inheritance',
    'class A {}\nexport class B extends A {}\n',
    'interface A {\n  readonly a: 1\n}\nexport interface B extends A {\n  readonly b: 1\n}\n',
  ),
  'no private names': plugin(
    'Private names',
    'export class A {\n  #a = 1\n  b = () => this.#a\n}\n',
    'export class A {\n  readonly a = 1\n}\n',
  ),
  'no state in a module': plugin(
    'No state in a module',
    'let count = 0\nexport const next = () => ++count\n',
    'export const counter = () => {\n  let count = 0\n  return () => ++count\n}\n',
  ),
  'no inline import of a type': plugin(
    'Import types at the top',
    `export type It = import('./other.js').A\n`,
    `import type { A } from './other.js'\nexport type It = A\n`,
  ),
  'asynchronous properties are awaited': plugin(
    'Await it',
    `test('a', () => {\n  fc.assert(fc.asyncProperty(fc.nat(), async () => true))\n})\n`,
    `test('a', async () => {\n  await fc.assert(fc.asyncProperty(fc.nat(), async () => true))\n})\n`,
    'packages/core/test/await.test.ts',
  ),
  'asynchronous expectations are awaited': plugin(
    'Await it',
    `test('a', () => {\n  expect(Promise.resolve(1)).resolves.toBe(1)\n})\n`,
    `test('a', async () => {\n  await expect(Promise.resolve(1)).resolves.toBe(1)\n})\n`,
    'packages/core/test/await.test.ts',
  ),
}

interface Finding {
  readonly category: string
  readonly severity: string
  readonly message: string
  readonly location: { readonly path: string }
}

/** Gives every text a folder of its own, below the src or test folder whose rules it is under. */
const apart = (folder: string, texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([path, content]) => ({
    path: path.replace(/^(packages\/[\w-]+\/\w+)\//, `$1/${folder}/`),
    content,
  }))

/** The findings of one check of all texts, within the project's skeleton. */
const check = (texts: readonly { readonly path: string; readonly content: string }[]): readonly Finding[] => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  try {
    for (const name of readdirSync(join(root, 'packages'))) {
      const path = `packages/${name}/package.json`
      if (!existsSync(join(root, path))) continue
      const manifest = JSON.parse(readFileSync(join(root, path), 'utf8'))
      write(
        path,
        JSON.stringify({ ...manifest, devDependencies: { ...manifest.devDependencies, 'only-for-development': '1' } }),
      )
    }
    write('biome.json', readFileSync(join(root, 'biome.json'), 'utf8'))
    write('.gitignore', 'node_modules/\n')
    cpSync(join(root, 'packages/tools/biome'), join(folder, 'packages/tools/biome'), { recursive: true })
    for (const { path, content } of texts) write(path, content)
    const biome = join(root, 'node_modules/.bin/biome')
    const ran = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', 'packages'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    return JSON.parse(ran.stdout).diagnostics
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const all = Object.entries(rules).map(([name, rule], i) => ({
  name,
  rule,
  broken: apart(`n${i}b`, rule.breaks),
  kept: apart(`n${i}k`, rule.keeps),
}))
const found = check(all.flatMap(({ broken, kept }) => [...broken, ...kept]))
const reported = (rule: Rule, path: string) =>
  found.some(
    ({ category, message, severity, location }) =>
      location.path === path &&
      category === rule.rule &&
      message.includes(rule.message ?? '') &&
      severity === (rule.severity ?? 'error'),
  )

test.each(all)('$name', ({ rule, broken, kept }) => {
  expect(broken.filter(({ path }) => !reported(rule, path)).map(({ content }) => content)).toEqual([])
  expect(kept.filter(({ path }) => reported(rule, path)).map(({ content }) => content)).toEqual([])
})
