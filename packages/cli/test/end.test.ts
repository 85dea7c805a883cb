/** How the command ends: at once, and when it is told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ended, type Running, withHome } from './support.js'

const MAIN = join(__dirname, '..', 'bin', 'tessera.js')

/** Ctrl-C, and then the other signal until it ends: whoever waits presses again. */
const interrupted = async ({ child, ended }: Running, second: NodeJS.Signals): Promise<Ended> => {
  child.kill('SIGINT')
  const pressing = setInterval(() => child.kill(second), 20)
  try {
    return await ended
  } finally {
    clearInterval(pressing)
  }
}

describe('[A15] the end of the command', () => {
  it(
    'waits for no WebAssembly to be optimised',
    withHome(async ({ box, config, folder, remember }) => {
      const compiled = async (args: ReadonlyArray<string>, variables: Readonly<Record<string, string>> = {}) => {
        // V8 tells on standard output.
        const child = spawn(process.execPath, ['--trace-wasm-compilation-times', MAIN, '--config', config, ...args], {
          env: { PATH: process.env['PATH'], HOME: folder, ...variables },
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
        if (args[0] === 'token') remember(said.trim().split('\n').at(-1) ?? '')
        expect(code).toBe(0)
        return said
      }
      expect(await compiled(['token'])).toMatch(/^\S+\n$/)
      // By undici, which goes to this machine by no proxy, and by fetch.
      const proxied = await compiled(['token', '--as', 'user:7001'], { HTTP_PROXY: 'http://127.0.0.1:9' })
      for (const said of [proxied, await compiled(['curl', `${box.url}/2.0/users/me`])]) {
        expect(said).toMatch(/ using Liftoff/)
        expect(said).not.toMatch(/ using TurboFan/)
      }
    }),
  )

  it(
    'waits for whoever reads slowly, and cuts nothing',
    withHome(async ({ folder, writeProfile }) => {
      // More than the pipe and both ends of it hold.
      const scope = Array.from({ length: 2_000 }, (_, at) => `${at}-${'a'.repeat(1_000)}`)
      const server = { tokenEndpoint: 'https://as.example/token' }
      const file = await writeProfile('long', { version: 1, server, clientId: 'app', scope })
      const child = spawn(process.execPath, [MAIN, '--config', file, 'profile', 'show', '--json'], {
        env: { PATH: process.env['PATH'], HOME: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      // What is to be seen is that it does not end: it did a second after it had said all.
      await Promise.race([once(child, 'exit'), sleep(3_000, undefined, { ref: false })])
      expect(JSON.parse(await text(child.stdout))).toMatchObject({ scope })
      expect((await closed)[0]).toBe(0)
    }),
  )

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('comes at once with the signal after the first: %s', (second) =>
    withHome(async ({ box, start }) => {
      const gate = box.gate('token')
      const hanging = start(['token'])
      await gate.arrived
      expect(await interrupted(hanging, second)).toEqual({ code: 130, stdout: '', stderr: '' })
    })(),
  )

  it(
    'leaves the session as it was persisted',
    withHome(async ({ box, start, run, expire }) => {
      const login = start(['login', '--no-browser'])
      await fetch(await box.grant(await login.said(/http:\S+/)))
      expect((await login.ended).code).toBe(0)
      await expire()
      const gate = box.gate('token', { grantType: 'refresh_token' })
      const hanging = start(['token', '--as', 'login'])
      await gate.arrived
      expect((await interrupted(hanging, 'SIGINT')).code).toBe(130)
      gate.open()
      expect(await run(['token', '--as', 'login'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/) })
    }),
  )
})
