import { readdir } from 'node:fs/promises'
import { withHome } from './support.js'

/** A program in the place of one that takes a token: it tells what it got. */
const program = (code: string): ReadonlyArray<string> => ['--', process.execPath, '-e', code]

const TELL = 'console.log(process.env.ACCESS_TOKEN)'

describe('exec', () => {
  it(
    'gives a command the token in a variable, and ends as it does',
    withHome(async ({ start, box, remember }) => {
      const { code, stdout, stderr } = await start(['exec', ...program(`${TELL}; process.exit(42)`)]).ended
      expect({ code, stderr }).toEqual({ code: 42, stderr: '' })
      expect(box.isActive(stdout.trim())).toBe(true)
      remember(stdout.trim())

      const two = await start([
        'exec',
        '--env',
        'A',
        '--env',
        'B',
        ...program('console.log(process.env.A === process.env.B, process.env.ACCESS_TOKEN)'),
      ]).ended
      expect(two).toMatchObject({ code: 0, stdout: 'true undefined\n' })
    }),
  )

  it(
    'passes on arguments as they are, standard input, and signals',
    withHome(async ({ start }) => {
      const args = ['a b', '--json', '', '$HOME']
      const echoed = await start(['exec', ...program('console.log(JSON.stringify(process.argv.slice(1)))'), ...args])
        .ended
      expect(JSON.parse(echoed.stdout)).toEqual(args)

      const piped = await start(['exec', ...program('process.stdin.pipe(process.stdout)')], {}, 'in and out').ended
      expect(piped.stdout).toBe('in and out')

      for (const [signal, expected] of [
        ['SIGTERM', 7],
        ['SIGINT', 8],
        ['SIGUSR2', 9],
      ] as const) {
        const running = start([
          'exec',
          ...program(
            `process.on('${signal}', () => process.exit(${expected})); setInterval(() => undefined, 1000); console.log('ready')`,
          ),
        ])
        await running.said(/ready/)
        running.child.kill(signal)
        expect((await running.ended).code).toBe(expected)
      }
      const killed = await start(['exec', ...program(`process.kill(process.pid, 'SIGKILL')`)]).ended
      expect(killed.code).toBe(128 + 9)
    }),
  )

  it(
    'says what cannot be run, and of a session that has ended',
    withHome(async ({ start, run }) => {
      const missing = await start(['exec', '--', 'no-such-command']).ended
      expect(missing).toMatchObject({ code: 127, stdout: '' })
      expect(missing.stderr).toContain('no-such-command: there is no such command')
      expect(await start(['exec', '--', '/']).ended).toMatchObject({ code: 126 })
      expect((await run(['exec', '--as', 'login', ...program(TELL)])).code).toBe(4)
      expect((await run(['exec', '--env', 'a-b', ...program(TELL)])).code).toBe(2)
    }),
  )

  it(
    'keeps the token of a file valid while the command runs, and removes it',
    withHome(
      async ({ start, box, folder }) => {
        const code = `
        const { readFileSync, statSync } = require('node:fs')
        const { dirname } = require('node:path')
        const path = process.env.WEB_IDENTITY
        const first = readFileSync(path, 'utf8')
        const mode = (of) => (statSync(of).mode & 0o777).toString(8)
        console.log(mode(path), mode(dirname(path)), 'ready')
        setInterval(() => {
          const now = readFileSync(path, 'utf8')
          if (now === '' || now.length !== first.length) { console.log('half'); process.exit(1) }
          if (now !== first) { console.log(now); process.exit(0) }
        }, 1)`
        const { code: exit, stdout } = await start(['exec', '--file', 'WEB_IDENTITY', ...program(code)], {
          XDG_RUNTIME_DIR: folder,
        }).ended
        const [modes, next = ''] = stdout.trim().split('\n')
        expect({ exit, modes }).toEqual({ exit: 0, modes: '600 700 ready' })
        expect(box.isActive(next)).toBe(true)
        expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^tessera-exec-/))
      },
      { ttl: { access: 3 } },
    ),
  )

  it(
    'removes what another that was killed has left, and nothing of one that runs',
    withHome(async ({ start, folder }) => {
      const left = async () => (await readdir(folder)).filter((name) => name.startsWith('tessera-exec-'))
      // Until whoever started it has gone.
      const forever = program(
        `const { ppid } = process; console.log('ready'); setInterval(() => ppid === process.ppid || process.exit(), 50)`,
      )
      const variables = { XDG_RUNTIME_DIR: folder }
      const [killed, alive] = [0, 1].map(() => start(['exec', '--file', 'F', ...forever], variables))
      await Promise.all([killed?.said(/ready/), alive?.said(/ready/)])
      expect(await left()).toHaveLength(2)
      killed?.child.kill('SIGKILL')
      await new Promise((resolve) => killed?.child.once('exit', resolve))
      await start(['exec', '--file', 'F', ...program('')], variables).ended
      expect(await left()).toHaveLength(1)
      alive?.child.kill('SIGTERM')
      await alive?.ended
      expect(await left()).toEqual([])
    }),
  )
})
