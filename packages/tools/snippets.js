// Runs what a reader pastes: every program of the pages, of docs/examples and of docs/comparison, as it stands, by plain Node.js, in a
// folder outside the workspace where npm has installed the tarballs and what those two folders' package.json names. It must end by
// itself, with exit code 0, and print no secret; one that says `Open http://…` is a web application, and ends when somebody has logged
// in there. Arguments: the files whose programs are run; without any, all.
//
// A program that reads REDIS_URL or DATABASE_URL finds a server there: Redis, or PGlite, which is Postgres.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, servers } from '@tessera/trials'
import { compilerOptions } from './compilerOptions.js'
import { installLine, tools } from './jest/tools.cjs'
import { visit } from './person.js'
import { programsOf, sources, tellsSecret } from './programs.js'
import { attempt, projects, tsc } from './projects.js'
import { root } from './published.js'

// Only what hangs takes so long, also on a busy machine, in ms.
const TIMEOUT = 120_000
const AT_ONCE = 2

/**
 * Runs a web application until a person has logged in to it.
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} given
 */
const serveOnce = async (cwd, given) => {
  const env = { ...given, PORT: String(await freePort()) }
  const child = spawn(process.execPath, ['program.mjs'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT)
  /** @type {string[]} */
  const lines = []
  const errors = createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      const url = /^Open (http\S+)/.exec(line)?.[1]
      if (url === undefined) continue
      const page = await visit(url)
      lines.push(`${page.status} ${page.text}`)
      return { status: page.status === 200 && new URL(page.url).port === env.PORT ? 0 : 1, output: lines.join('\n') }
    }
    return { status: 1, output: lines.join('\n') }
  } finally {
    clearTimeout(timer)
    errors.close()
    child.kill()
  }
}

/** @typedef {{ readonly env: NodeJS.ProcessEnv, readonly stop: () => Promise<void> }} Service */

/** @returns {Promise<Service>} */
const redis = async () => {
  const all = servers()
  const { port } = await all.start()
  return { env: { REDIS_URL: `redis://127.0.0.1:${port}` }, stop: all.stop }
}

/**
 * @param {string} project where it is installed
 * @returns {Promise<Service>}
 */
const postgres = async (project) => {
  const port = await freePort()
  const server = join('node_modules', '@electric-sql', 'pglite-socket', 'dist', 'scripts', 'server.js')
  const child = spawn(process.execPath, [server, `--port=${port}`, '--max-connections=20'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It says so; how long that takes depends on the machine.
  for await (const line of createInterface({ input: child.stdout })) if (/listening/i.test(line)) break
  child.stdout.resume()
  return {
    env: { DATABASE_URL: `postgres://postgres:postgres@127.0.0.1:${port}/postgres` },
    stop: async () => void child.kill(),
  }
}

const others = ['examples', 'comparison']
  .flatMap((name) => {
    /** @type {{ readonly dependencies: Record<string, string>, readonly devDependencies?: Record<string, string> }} */
    const manifest = JSON.parse(readFileSync(join(root, 'docs', name, 'package.json'), 'utf8'))
    return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  })
  .filter(([name]) => !name.startsWith('@tessera/'))
  .map(([name, range]) => `${name}@${range}`)

const chosen = process.argv.slice(2).map((path) => relative(root, resolve(path)))
const programs = (chosen.length > 0 ? chosen : sources()).flatMap(programsOf)
const reads = (/** @type {string} */ variable) => programs.some(({ code }) => code.includes(variable))

await projects(async ({ step, project, install, tarballs }) => {
  const folder = project('reader', { type: 'module' })
  await step('every package installs from its tarball, beside those of the examples', () =>
    install(folder, [...tarballs(), ...others]),
  )

  const written = programs.map((program, index) => {
    const cwd = join(folder, String(index))
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'program.mjs'), program.code)
    return { ...program, cwd }
  })

  await step('the programs are well typed', async () => {
    const options = { ...compilerOptions, allowJs: true, checkJs: true, noEmit: true, noImplicitAny: false }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { ...options, skipLibCheck: true },
        // How others type their packages is theirs to check.
        files: written
          .filter(({ where }) => !where.startsWith(join('docs', 'comparison')))
          .map(({ cwd }) => join(cwd, 'program.mjs')),
      }),
    )
    const { output } = await attempt(process.execPath, [tsc, '--pretty', 'false', '-p', folder], { cwd: folder })
    const told = output.replaceAll(/^(\d+)\/program\.mjs/gm, (_, index) => written[Number(index)]?.where ?? '')
    if (told !== '') throw new Error(told)
  })

  /** @type {readonly Service[]} */
  const services = [
    ...(reads('REDIS_URL') && tools['redis-server'].isThere() ? [await redis()] : []),
    ...(reads('DATABASE_URL') ? [await postgres(folder)] : []),
  ]
  const given = Object.assign({}, ...services.map(({ env }) => env))
  const queue = written.values()
  const worker = async () => {
    for (const { where, code, cwd } of queue) {
      if (code.includes('REDIS_URL') && given.REDIS_URL === undefined) {
        console.log(`SKIPPED ${where}: redis-server is missing; ${installLine('redis-server')}`)
        if (process.env['REQUIRE_TOOLS'] !== undefined) process.exitCode = 1
        continue
      }
      await step(where, async () => {
        const env = { PATH: process.env['PATH'], HOME: cwd, ...given }
        const { status, output } = code.includes('.listen(')
          ? await serveOnce(cwd, env)
          : await attempt(process.execPath, ['program.mjs'], { cwd, env, timeout: TIMEOUT })
        if (status === null) throw new Error(`it did not end in ${TIMEOUT / 1_000} s\n${output}`)
        if (status !== 0) throw new Error(output)
        if (tellsSecret(output)) throw new Error(`it prints a secret\n${output}`)
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  } finally {
    for (const { stop } of services) await stop()
  }
})
