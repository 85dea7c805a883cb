import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled, leftOut, TESSERA } from '../agents/programs.js'
import { type Machine, withMachine } from '../agents/withMachine.js'
import { type Case, OURS, type Role } from '../Case.js'
import { atMost, every, measureAll, nothingFails, valueResult } from '../compare.js'
import type { Result, Row } from '../Row.js'

/** A program that is run to its end, and what it has to write. */
interface Run {
  readonly name: string
  readonly role: Role
  /** Left out where it is not installed. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly input?: string
  /** The environment, made anew each time. */
  readonly env: () => NodeJS.ProcessEnv
  readonly says: RegExp
  readonly note?: string
}

/** All that a program has written, whatever its exit code: some say by it that they have nothing. */
const written = ({ program, args, input, env }: Run): Promise<string> =>
  new Promise((resolve) => {
    const child = execFile(program, args, { env: env() }, (_, stdout, stderr) => resolve(stdout + stderr))
    // One that does not read has ended before.
    child.stdin?.on('error', () => undefined).end(input)
  })

const running = (run: Run): Case => ({
  name: run.name,
  role: run.role,
  open: async () => ({
    measure: async () => {
      const startedAt = performance.now()
      const text = await written(run)
      return { value: performance.now() - startedAt, failures: run.says.test(text) ? 0 : 1 }
    },
  }),
})

const QUESTION = 'protocol=https\nhost=git.example\nusername=me\n'

const WARM = `${OURS}: tessera token, warm`

const runsOf = ({ folder, env, broker }: Machine): ReadonlyArray<Run> => {
  const same = (): NodeJS.ProcessEnv => env
  const ours = { program: process.execPath, args: [TESSERA, 'token'], says: /^\S{10,}\n$/ }
  const helper = `credential.helper=cache --socket ${join(folder, 'run', 'git.sock')}`
  const git = { program: 'git', env: same }
  return [
    { ...ours, name: WARM, role: 'ours', env: same },
    {
      ...ours,
      name: `${OURS}: tessera token, cold`,
      role: 'ours',
      env: () => ({ ...env, XDG_STATE_HOME: mkdtempSync(join(folder, 'state-')) }),
      note: 'makes its folders and its key, and gets a token of a server on this machine',
    },
    {
      name: `${OURS}: curl at the broker`,
      role: 'ours',
      program: 'curl',
      args: ['--silent', '--unix-socket', broker, 'http://broker/token'],
      env: same,
      says: /"access_token":"/,
      note: 'the same token, without starting Node.js',
    },
    {
      name: 'node, which does nothing',
      role: 'limit',
      program: process.execPath,
      args: ['--eval', '0'],
      env: same,
      says: /^$/,
    },
    {
      name: 'ssh-add -l',
      role: 'peer',
      program: 'ssh-add',
      args: ['-l'],
      env: same,
      says: /no identities/,
      note: 'has no key',
    },
    {
      name: 'oidc-token',
      role: 'peer',
      program: 'oidc-token',
      args: ['none'],
      env: same,
      says: /not loaded/,
      note: 'is told that there is no such account: it has no token without a provider that it can reach',
    },
    {
      name: 'gh auth token',
      role: 'peer',
      program: 'gh',
      args: ['auth', 'token'],
      env: same,
      says: /^xxx$/m,
      note: 'from its file',
    },
    {
      ...git,
      name: 'git credential fill, of its cache',
      role: 'peer',
      args: ['-c', helper, 'credential', 'fill'],
      input: QUESTION,
      says: /^password=xxx$/m,
    },
  ]
}

/** Gives git's cache what it is asked for. */
const filled = ({ folder, env }: Machine): Promise<string> =>
  written({
    name: 'git credential approve',
    role: 'peer',
    program: 'git',
    args: ['-c', `credential.helper=cache --socket ${join(folder, 'run', 'git.sock')}`, 'credential', 'approve'],
    input: `${QUESTION}password=xxx\n`,
    env: () => env,
    says: /^/,
  })

const emptied = ({ folder, env }: Machine): Promise<string> =>
  written({
    name: 'git credential-cache exit',
    role: 'peer',
    program: 'git',
    args: ['credential-cache', '--socket', join(folder, 'run', 'git.sock'), 'exit'],
    env: () => env,
    says: /^/,
  })

const LIMIT = 500

export const i2: Row = {
  name: 'I2',
  title: 'A token by a command',
  work: 'a program is started, prints a token that its user has, and ends',
  goal: `0 failures, ≤ ${LIMIT} ms`,
  seconds: 60,
  quickSeconds: 20,
  run: (context) =>
    withMachine(async (machine) => {
      const all = runsOf(machine)
      const there = all.filter(({ program }) => program === process.execPath || isInstalled(program))
      const missing = leftOut(all.map(({ program }) => program).filter((program) => program !== process.execPath))
      await filled(machine)
      try {
        const measured = await measureAll(context, there.map(running), { rounds: context.isQuick ? 3 : 21 })
        const goal = every(nothingFails, atMost(LIMIT, ' ms'))
        return measured.map((each): Result => {
          const result = valueResult('I2', each, 'ms', goal, context.random)
          const note = result.case === WARM ? missing : there.find(({ name }) => name === result.case)?.note
          return note === undefined ? result : { ...result, note }
        })
      } finally {
        await emptied(machine)
      }
    }),
}
