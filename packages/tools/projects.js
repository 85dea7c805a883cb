// Projects of users' own: folders outside the workspace, into which npm installs the tarballs that would be published.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pack } from './pack.js'
import { published, withNeeded } from './published.js'

/** TypeScript's compiler, for `process.execPath`. */
export const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

/**
 * Runs a program to its end, or stops it and all that it started after `timeout` ms.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ readonly cwd: string, readonly env?: NodeJS.ProcessEnv, readonly timeout?: number }} options
 * @returns {Promise<{ readonly status: number | null, readonly output: string }>} `null` where it was stopped
 */
export const attempt = async (command, args, { cwd, env = process.env, timeout = 120_000 }) => {
  const child = spawn(command, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  // A negative number is the group: the program and what it started.
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), timeout)
  try {
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    return { status, output: stdout + stderr }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The same for what must succeed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export const run = async (command, args, cwd) => {
  const { status, output } = await attempt(command, args, { cwd })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${output}`)
  return output
}

/**
 * @typedef {(what: string, check: () => void | Promise<void>) => Promise<void>} Step runs a check, says how it went, and goes on
 * @typedef {{
 *   readonly step: Step,
 *   readonly project: (name: string, manifest: object) => string,
 *   readonly install: (path: string, what: readonly string[]) => Promise<void>,
 *   readonly tarballs: (names?: readonly string[]) => readonly string[],
 *   readonly packed: readonly import('./pack.js').Packed[] }} Projects
 */

/**
 * Makes a folder for projects, and removes it after use. A step that fails makes the process fail.
 * @param {(projects: Projects) => Promise<void>} use
 */
export const projects = async (use) => {
  const folder = mkdtempSync(join(tmpdir(), 'projects-'))
  try {
    const packed = pack(join(folder, 'tarballs'))
    await use({
      packed,
      step: async (what, check) => {
        try {
          await check()
          console.log(`ok      ${what}`)
        } catch (error) {
          process.exitCode = 1
          console.log(`FAILED  ${what}\n${error instanceof Error ? error.message : error}`)
        }
      },
      project: (name, manifest) => {
        const path = join(folder, name)
        mkdirSync(path, { recursive: true })
        writeFileSync(join(path, 'package.json'), JSON.stringify({ name, private: true, ...manifest }))
        return path
      },
      install: async (path, what) => {
        const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error']
        await run('npm', ['install', ...flags, ...what], path)
      },
      tarballs: (names = published.map(({ short }) => short)) => {
        const needed = withNeeded(names)
        return packed.filter((one) => needed.includes(one.package)).map(({ tarball }) => tarball)
      },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
