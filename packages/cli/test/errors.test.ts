import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withHome } from './support.js'

const ESCAPE = '\u001b'

describe('an error', () => {
  it(
    'has three parts: what failed, what the server said, what to do',
    withHome(async ({ box, run, settings, writeProfile }) => {
      const { boxAppSettings } = settings
      const appAuth = { ...boxAppSettings.appAuth, publicKeyID: 'abc12def' }
      await writeProfile('old', { ...settings, boxAppSettings: { ...boxAppSettings, appAuth } })
      const { code, stdout, stderr } = await run(['token', '--profile', 'old', '--base-url', box.url])
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
      const lines = stderr.trimEnd().split('\n')
      expect(lines[0]).toBe(`tessera: ${new URL(box.url).host} refused the assertion.`)
      expect(lines[1]).toMatch(/^ {2}server {3}400 invalid_grant: .*'kid'.* {2}\(request id \S+\)$/)
      expect(lines[2]).toBe(
        `  likely   the public key "abc12def" is not registered for client "${box.client.id}", or was deleted`,
      )
      expect(lines[3]).toMatch(/^ {2}next {5}check Developer Console .* token --profile old --base-url /)
      expect(stderr).not.toContain(ESCAPE)
    }),
  )

  it(
    'is an object on standard output with --json',
    withHome(async ({ run }) => {
      const { code, stdout } = await run(['token', '--as', 'login', '--json'])
      expect(code).toBe(4)
      expect(JSON.parse(stdout)).toEqual({
        error: {
          exit: 4,
          what: 'nobody is logged in',
          server: null,
          likely: null,
          next: expect.stringContaining(' login'),
        },
      })
    }),
  )

  it(
    'of usage exits with 2',
    withHome(async ({ run }) => {
      const runs = [
        ['token', '--bogus'],
        ['downscope'],
        ['downscope', '--scope', 'a', '--resource', 'file:x'],
        ['token', '--base-url', 'nowhere'],
        ['token', '--base-url', 'https://someone@example.com'],
        ['token', '--base-url', 'https://example.com/?n0t-this'],
        ['login', '--base-url', 'https://example.com/#n0t-this', '--profile', 'none'],
        ['token', '--base-url', 'https://someone:n0t-this@example.com', '--profile', 'none'],
        ['login', '--port', '80.5'],
        ['login', '--port', ''],
        ['sandbox', '--port', '65536'],
        ['token', '--timeout', ''],
        ['token', '--config', 'a', '--profile', 'b'],
        ['token', '--timeout', 'soon'],
      ]
      for (const args of runs) {
        const { code, stdout, stderr } = await run(args)
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
        expect(stderr).toMatch(/^tessera: .*\.\n {2}next {5}.*--help\n$/)
        expect(stderr).not.toMatch(/n0t-this|someone/)
      }
    }),
  )

  it(
    'of a mistyped word says what it may have meant',
    withHome(async ({ run }) => {
      const runs: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [['lgin'], 'login'],
        [['token', '--jsn'], '--json'],
        [['store', 'inspct'], 'inspect'],
      ]
      for (const [args, meant] of runs) {
        const { code, stderr } = await run(args)
        expect({ args, code }).toEqual({ args, code: 2 })
        expect(stderr).toContain(`\n  likely   you meant ${meant}\n`)
      }
      await run(['token', '--as', 'user:7001'])
      const { code, stderr } = await run(['store', 'inspect', 'user:7001'])
      expect(code).toBe(2)
      expect(stderr).toMatch(/\n {2}likely {3}you meant \S+\/user:7001:4242\n/)
    }),
  )

  it(
    'of the configuration exits with 3 and names the path',
    withHome(async ({ run, writeProfile, folder }) => {
      await writeProfile('half', { boxAppSettings: { clientID: 'app' } })
      await writeProfile('wrong', { boxAppSettings: { clientID: 1, clientSecret: 'cl13nt-s3cr3t' } })
      await writeProfile('text', '{ cl13nt-s3cr3t')
      const server = { baseUrl: 'https://me:cl13nt-s3cr3t@example.com' }
      await writeProfile('server', { boxAppSettings: { clientID: 'app', clientSecret: 's' }, tessera: server })
      const expected: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [['--profile', 'half'], 'boxAppSettings.clientSecret'],
        [['--profile', 'wrong'], 'boxAppSettings.clientID'],
        [['--profile', 'text'], 'is not JSON'],
        [['--profile', 'server'], 'tessera.baseUrl'],
        [['--profile', 'none'], 'there is no profile "none"'],
        [['--profile', 'serverr'], 'you meant server'],
        [['--config', join(folder, 'none.json')], 'there is no settings file'],
        [['--base-url', 'http://example.com'], '--base-url cannot be taken: it is http'],
      ]
      for (const [args, text] of expected) {
        const { code, stderr } = await run(['token', ...args])
        expect({ args, code }).toEqual({ args, code: 3 })
        expect(stderr).toContain(text)
        expect(stderr).not.toContain('cl13nt-s3cr3t')
      }
    }),
  )

  it(
    'of a session that ended exits with 4, and takes no request',
    withHome(async ({ box, start, run }) => {
      const login = start(['login', '--no-browser'])
      await fetch(await box.grant(await login.said(/http:\S+/)))
      expect((await login.ended).code).toBe(0)
      expect((await run(['revoke', '--as', 'login'])).code).toBe(0)
      const before = box.counts().byEndpoint.token
      const { code, stderr } = await run(['token', '--as', 'login'])
      expect(code).toBe(4)
      expect(stderr).toMatch(/^tessera: the session was revoked\.\n {2}next {5}.* login\n$/)
      expect(box.counts().byEndpoint.token).toBe(before)
    }),
  )

  it(
    'of a client secret exits with 5',
    withHome(async ({ run }) => {
      const { code, stderr } = await run(['token'], { TESSERA_CLIENT_SECRET: 'another-cl13nt-s3cr3t' })
      expect(code).toBe(5)
      expect(stderr).toContain('invalid_client')
      expect(stderr).not.toContain('another-cl13nt-s3cr3t')
    }),
  )

  it(
    'of the network exits with 6',
    withHome(async ({ box, run }) => {
      box.faults.next({ kind: 'hang-before', endpoint: 'token', times: Infinity })
      const late = await run(['token', '--timeout', '0.3'])
      expect(late).toMatchObject({ code: 6, stdout: '' })
      await box.close()
      const gone = await run(['token', '--as', 'user:7001'])
      expect(gone).toMatchObject({ code: 6, stdout: '' })
      expect(gone.stderr).toContain('cannot be reached: ECONNREFUSED')
    }),
  )

  it(
    'of the store exits with 7',
    withHome(async ({ run, folder, state, sessions }) => {
      const file = join(folder, 'file')
      await writeFile(file, '')
      const nowhere = await run(['token'], { XDG_STATE_HOME: file })
      expect(nowhere.code).toBe(7)
      expect(nowhere.stderr).toContain(`sessions cannot be kept in ${file}`)
      // What is not there needs no other mode.
      expect(nowhere.stderr).not.toContain('chmod')
      expect(nowhere.stderr).toContain('set XDG_STATE_HOME')
      await run(['token'])
      const [session = ''] = await sessions()
      const good = await readFile(session)

      const next = async (expected: string): Promise<void> => {
        const { code, stderr } = await run(['token'])
        expect({ stderr, code }).toEqual({ stderr: expect.stringContaining(`\n  next     ${expected}`), code: 7 })
        expect(await sessions()).toEqual([session])
      }
      const opened = [
        [state, '700'],
        [join(state, 'sessions'), '700'],
        [join(state, 'key'), '600'],
        [session, '600'],
      ] as const
      for (const [path, mode] of opened) {
        await chmod(path, 0o755)
        await next(`chmod ${mode} '${path}'`)
        await chmod(path, Number.parseInt(mode, 8))
      }

      await writeFile(session, '{"version":"1","record":"x"}')
      const damaged = await run(['token'])
      expect(damaged.code).toBe(7)
      expect(damaged.stderr).toContain(`the file ${session} is damaged`)
      expect(damaged.stderr).toContain('delete its file')
      expect(await readFile(session, 'utf8')).toBe('{"version":"1","record":"x"}')

      await writeFile(session, good)
      await writeFile(join(state, 'key'), 'n0t-a-k3y-at-all')
      await next(`correct ${join(state, 'key')}`)
      expect((await run(['token'])).stderr).not.toContain('n0t-a-k3y')
      const variable = await run(['token'], { TESSERA_KEY: 'n0t-a-k3y-at-all' })
      expect(variable.code).toBe(3)
      expect(variable.stderr).toContain('next     correct TESSERA_KEY')
      expect(variable.stderr).not.toContain('n0t-a-k3y')
    }),
  )
})

describe('--help', () => {
  it(
    'names the commands and the exit codes',
    withHome(async ({ run }) => {
      const { code, stdout, stderr } = await run(['--help'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      for (const word of ['token', 'login', 'downscope', 'revoke', 'inspect', 'sandbox', 'demo']) {
        expect(stdout).toMatch(new RegExp(`^  ${word}\\b`, 'm'))
      }
      for (const exit of [0, 1, 2, 3, 4, 5, 6, 7]) expect(stdout).toMatch(new RegExp(`^  ${exit}  \\w`, 'm'))
    }),
  )
})
