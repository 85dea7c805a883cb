// Installs the tarballs as a user would, and runs programs that have nothing else: as ESM and as CJS, on every Node.js that
// is supported. With what a slim installation brings.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { kit } from './kit.js'
import { pack } from './pack.js'
import { packages } from './published.js'

const versions = ['20.19', '22', '24']
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const folder = mkdtempSync(join(tmpdir(), 'consumers-'))
let failed = 0

/**
 * @param {string} what
 * @param {() => void} check
 */
const step = (what, check) => {
  try {
    check()
    console.log(`ok      ${what}`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${what}\n${error instanceof Error ? error.message : error}`)
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
const run = (command, args, cwd) => {
  const ran = spawnSync(command, [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout + ran.stderr
}

/**
 * @param {string} name
 * @param {object} manifest
 */
const project = (name, manifest) => {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, private: true, ...manifest }))
  return path
}

/**
 * @param {string} modules a node_modules folder
 * @returns {readonly string[]} the packages in it, nested ones by their path
 */
const installed = (modules) =>
  readdirSync(modules, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.name === 'package.json' && /node_modules(?:\/@[^/]+)?\/[^/]+$/.test(entry.parentPath))
    .map((entry) => entry.parentPath.slice(modules.length + 1))
    .sort()

/** @param {string} version */
const nodeOf = (version) =>
  run(
    'npx',
    ['--yes', '--prefer-offline', '--package', `node@${version}`, '--', 'node', '-p', 'process.execPath'],
    folder,
  ).trim()

const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error']

try {
  const nodes = versions.map((version) => ({ version, node: nodeOf(version) }))
  const packed = pack(join(folder, 'tarballs'))
  const tarballs = (/** @type {readonly string[]} */ names) =>
    packed.filter((one) => names.includes(one.package.short)).map((one) => one.tarball)

  step('core and oauth2 install fp-ts and io-ts, and nothing else', () => {
    const slim = project('slim', {})
    run('npm', [...install, ...tarballs(['core', 'oauth2'])], slim)
    const found = installed(join(slim, 'node_modules')).join(' ')
    if (found !== '@tessera/core @tessera/oauth2 fp-ts io-ts') throw new Error(found)
  })

  const esm = project('esm', { type: 'module' })
  step('every package installs from its tarball', () => {
    const others = ['fast-check@4', '@types/node@20']
    run('npm', [...install, ...packed.map((one) => one.tarball), ...others], esm)
  })
  const cjs = project('cjs', { type: 'commonjs' })
  cpSync(join(esm, 'node_modules'), join(cjs, 'node_modules'), { recursive: true, verbatimSymlinks: true })

  for (const path of [esm, cjs]) {
    const format = path === esm ? 'ESM' : 'CJS'
    cpSync(join(packages, 'e2e', 'test', 'packed', 'consumer.ts'), join(path, 'consumer.ts'))
    const compilerOptions = { module: 'nodenext', target: 'es2022', lib: ['es2023'], strict: true, types: ['node'] }
    writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    step(`the ${format} program compiles`, () => void run(process.execPath, [tsc, '-p', path], path))
    for (const { version, node } of nodes)
      step(`the ${format} program runs on Node.js ${version}`, () => void run(node, ['consumer.js'], path))
  }
  const tessera = join('node_modules', '@tessera', 'cli', 'bin', 'tessera.js')
  for (const { version, node } of nodes)
    step(`tessera demo runs on Node.js ${version}`, () => {
      if (run(node, [tessera, 'demo'], esm) === '') throw new Error('it said nothing')
    })

  kit({
    step,
    tarballs: tarballs(['core', 'testing']),
    project,
    install: (path, what) => void run('npm', [...install, ...what], path),
  })
} finally {
  rmSync(folder, { recursive: true })
}
process.exitCode = failed === 0 ? 0 : 1
