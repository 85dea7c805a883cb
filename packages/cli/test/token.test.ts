import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@tessera/core'
import { formatKeys, generateKey, systemRandom } from '@tessera/node'
import { withHome } from './support.js'

const processes = <A>(count: number, start: () => Promise<A>): Promise<ReadonlyArray<A>> =>
  Promise.all(Array.from({ length: count }, () => start()))

describe('token', () => {
  it(
    'prints a valid token and nothing else',
    withHome(async ({ box, run, state, sessions }) => {
      const { code, stdout, stderr } = await run(['token'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^\S+\n$/)
      expect(box.isActive(stdout.trim())).toBe(true)
      const [file = ''] = await sessions()
      const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
      expect([await modeOf(file), await modeOf(join(state, 'key'))]).toEqual([0o600, 0o600])
      expect([await modeOf(state), await modeOf(join(state, 'sessions'))]).toEqual([0o700, 0o700])
    }),
  )

  it(
    'prints one object with --json, and the same token without another request',
    withHome(async ({ box, run }) => {
      const first = await run(['token', '--json'])
      const object = JSON.parse(first.stdout)
      expect(Object.keys(object)).toEqual(['access_token', 'token_type', 'expires_at', 'scope'])
      expect(new Date(object.expires_at).toISOString()).toBe(object.expires_at)
      const second = await run(['token', '--quiet'])
      expect(second.stdout).toBe(`${object.access_token}\n`)
      expect(box.counts().byEndpoint.token).toBe(1)
    }),
  )

  it(
    'asks once for ten shells at once',
    withHome(async ({ box, start }) => {
      const ended = await processes(10, () => start(['token']).ended)
      expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0]))
      expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
      expect(box.counts().byEndpoint.token).toBe(1)
    }),
  )

  it(
    'renews first, once for all, what is valid for less than --min-valid',
    withHome(async ({ box, start, run, expire }) => {
      await run(['token'])
      await expire(Date.now() + 1_200_000)
      const first = (await run(['token', '--min-valid', '10m'])).stdout
      expect(box.counts().byEndpoint.token).toBe(1)
      const telling = ['--', process.execPath, '-e', 'console.log(process.env.ACCESS_TOKEN)']
      const shells = [
        ['token', '--min-valid', '25m'],
        ['token', '--min-valid', '0.5h', '--format', 'text'],
        ['exec', '--min-valid', '1800', ...telling],
      ].map((args) => start(args).ended)
      const ended = await Promise.all(shells)
      expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0]))
      expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
      expect(ended[0]?.stdout).not.toBe(first)
      expect(box.counts().byEndpoint.token).toBe(2)
      const { code, stderr } = await run(['token', '--min-valid', '10 min'])
      expect({ code, isTold: stderr.includes('90s, 10m, 2h') }).toEqual({ code: 2, isTold: true })
    }),
  )

  it(
    'redeems once for five shells whose login has expired, where a reuse would end the session',
    withHome(
      async ({ box, start, run, expire }) => {
        const login = start(['login', '--no-browser'])
        await fetch(await box.grant(await login.said(/http:\S+/)))
        expect((await login.ended).code).toBe(0)
        await expire()
        const ended = await processes(5, () => start(['token', '--as', 'login']).ended)
        expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0]))
        expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
        expect(box.counts()).toMatchObject({ redeemed: 1, doubleRedemptions: 0 })
        expect(box.isActive(ended[0]?.stdout.trim() ?? '')).toBe(true)
        expect((await run(['inspect', '--as', 'login'])).stdout).toContain('generation 2')
      },
      { rotation: 'strict' },
    ),
  )

  it(
    '[A01] keeps the token that came while it was stopped for longer than its time-out (Ctrl-Z)',
    withHome(
      async ({ box, start, run, expire }) => {
        const login = start(['login', '--no-browser'])
        await fetch(await box.grant(await login.said(/http:\S+/)))
        expect((await login.ended).code).toBe(0)
        await expire()
        const gate = box.gate('token', { grantType: 'refresh_token' })
        const stopped = start(['token', '--as', 'login', '--timeout', '5'])
        await gate.arrived
        stopped.child.kill('SIGSTOP')
        gate.open()
        await sleep(5_000)
        stopped.child.kill('SIGCONT')
        // Its own time is over, but not that of the session.
        await stopped.ended
        const next = await run(['token', '--as', 'login'])
        expect(next).toMatchObject({ code: 0, stderr: '' })
        expect(box.isActive(next.stdout.trim())).toBe(true)
        expect(box.counts()).toMatchObject({ redeemed: 1, doubleRedemptions: 0 })
      },
      { rotation: 'strict' },
    ),
  )

  it(
    'renews before the end, and lives with the old token when that fails',
    withHome(async ({ box, run, expire }) => {
      const { stdout: old } = await run(['token'])
      await expire(Date.now() + 60_000)
      box.faults.next({ kind: 'status', status: 400, endpoint: 'token' })
      expect(await run(['token'])).toEqual({ code: 0, stdout: old, stderr: '' })
      expect(box.counts().byEndpoint.token).toBe(2)
      const next = await run(['token'])
      expect(next.stdout).not.toBe(old)
      expect(box.counts().byEndpoint.token).toBe(3)
    }),
  )

  it(
    'stands for whom it is told to',
    withHome(async ({ box, run, config }) => {
      const me = async (token: string): Promise<unknown> => {
        const answer = await fetch(`${box.endpoints.api}/users/me`, {
          headers: { authorization: `Bearer ${token.trim()}` },
        })
        return (await answer.json()).id
      }
      expect(await me((await run(['token', '--as', 'user:7002'])).stdout)).toBe('7002')
      expect(await me((await run(['token', '--config', config])).stdout)).toBe('7000')
    }),
  )

  it(
    'is of its own enterprise, where two have one client id',
    withHome(async ({ box, run, settings, writeProfile }) => {
      const tessera = { baseUrl: box.url }
      await writeProfile('other', { ...settings, enterpriseID: '4343', tessera })
      const own = await run(['token'])
      const other = await run(['token', '--profile', 'other'])
      expect([own.code, other.code]).toEqual([0, 5])
      expect(other.stdout).toBe('')
      expect(box.counts().byEndpoint.token).toBe(2)
    }),
  )

  it(
    'goes by client credentials where there is no key',
    withHome(async ({ box, run, settings, writeProfile }) => {
      const { clientID, clientSecret } = settings.boxAppSettings
      await writeProfile('plain', { boxAppSettings: { clientID, clientSecret }, enterpriseID: settings.enterpriseID })
      const { code, stdout } = await run(['token', '--profile', 'plain', '--base-url', `${box.url}/`])
      expect(code).toBe(0)
      expect(box.isActive(stdout.trim())).toBe(true)
      expect(box.counts().byGrantType).toEqual({ client_credentials: 1 })
    }),
  )
})

describe('downscope', () => {
  it(
    'prints a token that may read one file only',
    withHome(async ({ box, run }) => {
      const { code, stdout, stderr } = await run(['downscope', '--scope', 'item_read', '--resource', 'file:123'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const read = async (id: string): Promise<number> =>
        (await fetch(`${box.endpoints.api}/files/${id}`, { headers: { authorization: `Bearer ${stdout.trim()}` } }))
          .status
      expect([await read('123'), await read('456')]).toEqual([200, 404])
    }),
  )
})

describe('inspect and revoke', () => {
  it(
    'tell what is stored, and end it',
    withHome(async ({ box, run }) => {
      const { stdout } = await run(['token'])
      const shown = await run(['inspect'])
      expect(shown).toMatchObject({ code: 0, stderr: '' })
      expect(shown.stdout).toMatch(/session +valid +access token until \d\d:\d\d \(in 60 min\), renews at about/)
      const object = JSON.parse((await run(['inspect', '--json'])).stdout)
      expect(object).toMatchObject({
        profile: 'default',
        as: 'service',
        state: 'valid',
        generation: 1,
        refresh_token: false,
      })
      const revoked = await run(['revoke', '--json'])
      expect(JSON.parse(revoked.stdout)).toEqual({ profile: 'default', outcome: 'revoked' })
      expect(box.isActive(stdout.trim())).toBe(false)
      expect(JSON.parse((await run(['inspect', '--json', '--quiet'])).stdout).state).toBe('revoked')
    }),
  )
})

describe('what is kept', () => {
  it(
    'is sealed: no file holds a token, and none opens without its key',
    withHome(async ({ box, state, run, sessions, records }) => {
      const { stdout } = await run(['token'])
      const token = stdout.trim()
      expect((await records()).join()).toContain(token)
      const names = (await readdir(state, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
      const texts = await Promise.all(names.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')))
      expect(texts).toHaveLength(2)
      for (const form of Secret.forms(token)) expect(texts.join().includes(form)).toBe(false)

      const variables = { TESSERA_KEY: Secret.open(formatKeys({ write: generateKey(systemRandom)() })) }
      const { code, stderr } = await run(['token'], variables)
      expect(code).toBe(7)
      expect(stderr).toContain(`the file ${(await sessions())[0]}: the record is sealed with the key`)
      expect(box.counts().byEndpoint.token).toBe(1)
    }),
  )

  it(
    'is sealed by the key of TESSERA_KEY where that is set, and no key file is made',
    withHome(async ({ box, state, run }) => {
      const variables = { TESSERA_KEY: Secret.open(formatKeys({ write: generateKey(systemRandom)() })) }
      const first = await run(['token'], variables)
      expect((await run(['token'], variables)).stdout).toBe(first.stdout)
      expect(box.counts().byEndpoint.token).toBe(1)
      expect(await readdir(state)).toEqual(['sessions'])
    }),
  )
})
