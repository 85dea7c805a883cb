// Installs the tarballs as a user would, and runs programs that have nothing else: as ESM and as CJS, on every Node.js that is
// supported, on Bun and on Deno. With what a slim installation brings.
import { cpSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilerOptions } from './compilerOptions.js'
import { kit } from './kit.js'
import { projects, run, tsc } from './projects.js'
import { packages } from './published.js'
import { startRegistry } from './registry.js'

/** @typedef {{ readonly name: string, readonly package: string, readonly command: string, readonly args: readonly string[] }} Runtime */

/** @type {readonly Runtime[]} */
const runtimes = [
  ...['20.19', '22', '24', '26'].map((version) => ({
    name: `Node.js ${version}`,
    package: `node@${version}`,
    command: 'node',
    args: [],
  })),
  // Without --bun it would hand programs whose first line names Node.js to Node.js.
  { name: 'Bun', package: 'bun@1', command: 'bun', args: ['--bun', 'run'] },
  { name: 'Deno', package: 'deno@2', command: 'deno', args: ['run', '--allow-all', '--node-modules-dir=manual'] },
]

/**
 * @param {string} modules a node_modules folder
 * @returns {readonly string[]} the packages in it, nested ones by their path
 */
const installed = (modules) =>
  readdirSync(modules, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.name === 'package.json' && /node_modules(?:\/@[^/]+)?\/[^/]+$/.test(entry.parentPath))
    .map((entry) => entry.parentPath.slice(modules.length + 1))
    .sort()

await projects(async ({ step, project, install, tarballs, packed }) => {
  const slim = project('slim', {})
  await step('core and oauth2 install fp-ts and io-ts, and nothing else', async () => {
    await install(slim, tarballs(['oauth2']))
    const found = installed(join(slim, 'node_modules')).join(' ')
    if (found !== '@tessera/core @tessera/oauth2 fp-ts io-ts') throw new Error(found)
  })

  const registry = await startRegistry(packed)
  const user = project('user', {})
  writeFileSync(join(user, '.npmrc'), `@tessera:registry=${registry.url}/\n`)
  await step('published, the packages install by their names', async () => {
    await install(user, [
      '@tessera/node',
      '@tessera/oauth2',
      '@tessera/store-redis',
      'ioredis@5',
      'fp-ts@2.16.0',
      'io-ts@2.2.20',
    ])
    const twice = installed(join(user, 'node_modules')).filter((path) =>
      /node_modules\/(?:@tessera|fp-ts|io-ts)/.test(path),
    )
    if (twice.length > 0) throw new Error(`there are two of ${twice.join(' ')}`)
  })
  await step('published, npx finds the command of @tessera/cli', async () => {
    const said = await run('npx', ['--yes', '@tessera/cli', 'sandbox', '--help'], user)
    if (!said.includes('tessera sandbox')) throw new Error(said)
  })
  registry.close()

  const esm = project('esm', { type: 'module' })
  await step('every package installs from its tarball', () =>
    install(esm, [...tarballs(), 'fast-check@4', '@types/node@20']),
  )
  const cjs = project('cjs', { type: 'commonjs' })
  cpSync(join(esm, 'node_modules'), join(cjs, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  const formats = [
    { format: 'ESM', path: esm },
    { format: 'CJS', path: cjs },
  ]
  for (const { format, path } of formats) {
    cpSync(join(packages, 'trials', 'test', 'e2e', 'packed', 'consumer.ts'), join(path, 'consumer.ts'))
    writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    await step(
      `the ${format} program compiles`,
      async () => void (await run(process.execPath, [tsc, '-p', path], path)),
    )
  }

  const tessera = join('node_modules', '@tessera', 'cli', 'bin', 'tessera.js')
  for (const { name, package: of, command, args } of runtimes) {
    // A script of its package puts Bun in its place, and npm may have been told to run none.
    const npx = ['--yes', '--prefer-offline', '--ignore-scripts=false', '--package', of]
    const fetched = [...npx, '--', 'sh', '-c', `command -v ${command}`]
    const path = (await run('npx', fetched, esm)).trim()
    for (const { format, path: cwd } of formats)
      await step(
        `the ${format} program runs on ${name}`,
        async () => void (await run(path, [...args, 'consumer.js'], cwd)),
      )
    await step(`tessera demo runs on ${name}`, async () => {
      if ((await run(path, [...args, tessera, 'demo'], esm)) === '') throw new Error('it said nothing')
    })
  }

  await kit({ step, tarballs: tarballs(['testing']), project, install })
})
