/** `tessera store`, over files; redis.test.ts has the same over Redis. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { absent, Secret } from '@tessera/core'
import { formatKeys, generateKey, run as must, systemRandom } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import * as fc from 'fast-check'
import { isNamedBy, nameOf } from '../src/sessionName.js'
import { type Home, withHome } from './support.js'

const listed = async ({ run }: Home, ...args: ReadonlyArray<string>) =>
  JSON.parse((await run(['store', 'list', '--json', ...args])).stdout)

describe('store list', () => {
  it(
    '[A15] of many sessions warns of nothing',
    withHome(async (home) => {
      const { run, state } = home
      await run(['store', 'list'])
      const store = fileStore({ folder: join(state, 'sessions') })
      for (let user = 0; user < 30; user++) {
        const next = { version: '1', record: Secret.make('Record', 'of another key') }
        await must(store.compareAndSet(JSON.stringify(['https://as.example', 'app', `user:${user}`]), absent, next))
      }
      const { code, stdout, stderr } = await run(['store', 'list'])
      expect({ code, sessions: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, sessions: 30 })
      expect(stderr).toBe(`store     file (encrypted)  ${join(state, 'sessions')}\n`)
    }),
  )

  it(
    'has every session, with its name and state and no secret',
    withHome(async (home) => {
      const { run, box, state, sessions, settings } = home
      expect(await listed(home)).toEqual({ store: 'file (encrypted)', place: join(state, 'sessions'), sessions: [] })
      const none = await run(['store', 'list'])
      expect(none.stdout).toBe('')
      expect(none.stderr).toMatch(/\nno sessions\n$/)
      await run(['token'])
      await run(['token', '--as', 'user:7001'])
      await run(['revoke', '--as', 'user:7001'])
      const { host } = new URL(box.url)
      const { clientID } = settings.boxAppSettings
      const all = (await listed(home)).sessions
      expect(all).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          key: JSON.stringify([box.endpoints.token, clientID, 'service:4242']),
          server: box.endpoints.token,
          client: clientID,
          principal: 'service:4242',
          profile: null,
          file: expect.stringContaining(state),
          state: 'valid',
          expires_at: expect.any(String),
          renews_at: expect.any(String),
          refresh_token: false,
          epoch: 0,
          generation: 1,
          scope: [],
          waiting_until: null,
          error: null,
        },
        expect.objectContaining({ principal: 'user:7001:4242', state: 'revoked', epoch: 1 }),
      ])
      expect(all.map(({ file }: { readonly file: string }) => file).sort()).toEqual([...(await sessions())].sort())
      for (const { id, file } of all) expect(basename(file)).toBe(`${id}.json`)
      const { stdout, stderr } = await run(['store', 'list'])
      expect(stderr).toBe(`store     file (encrypted)  ${join(state, 'sessions')}\n`)
      // One line a session, for `grep` and `wc`.
      expect(stdout.trimEnd().split('\n')).toHaveLength(2)
      expect(stdout).toMatch(
        new RegExp(
          `^[0-9a-f]{8}  valid +${host}/${clientID}/service:4242 +epoch 0, generation 1; access token until`,
          'm',
        ),
      )
      expect(stdout).toMatch(/^[0-9a-f]{8} {2}revoked .*\/user:7001:4242 +epoch 1, generation 1; ended/m)
    }),
  )

  it(
    'lists what it cannot read as such, and keeps it',
    withHome(async (home) => {
      const { run, sessions, state } = home
      const foreign = { TESSERA_KEY: Secret.open(formatKeys({ write: generateKey(systemRandom)() })) }
      await run(['token', '--as', 'user:7001'], foreign)
      await run(['token', '--as', 'user:7002'])
      await run(['token'])
      const files = await sessions()
      const damaged = (await listed(home)).sessions.find(
        (of: { readonly principal: string }) => of.principal === 'service:4242',
      )
      await writeFile(damaged.file, 'damaged')
      const before = await Promise.all(files.map((file) => readFile(file, 'utf8')))

      const { code, stdout } = await run(['store', 'list'])
      expect(code).toBe(0)
      expect(stdout).toMatch(/unreadable .*\/user:7001:4242 +the file \S+: the record is sealed with the key/)
      expect(stdout).toMatch(new RegExp(`^${damaged.id.slice(0, 8)}  unreadable +the file \\S+ is damaged`, 'm'))
      const all = (await listed(home)).sessions
      expect(all).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ principal: 'user:7001:4242', state: 'unreadable', epoch: null }),
          expect.objectContaining({
            id: damaged.id,
            key: null,
            principal: null,
            error: expect.stringContaining('damaged'),
          }),
          expect.objectContaining({ principal: 'user:7002:4242', state: 'valid', error: null }),
        ]),
      )
      expect(await Promise.all(files.map((file) => readFile(file, 'utf8')))).toEqual(before)

      // One that does not tell its key is deleted by its owner's hand.
      const told = await run(['store', 'delete', damaged.id, '--yes'])
      expect(told.code).toBe(7)
      expect(told.stderr).toContain(`next     rm '${damaged.file}'`)
      expect(await readFile(damaged.file, 'utf8')).toBe('damaged')
      expect((await run(['store', 'inspect', damaged.id])).code).toBe(7)

      // One that does not open is deleted like any other.
      const sealed = all.find((of: { readonly principal: string }) => of.principal === 'user:7001:4242')
      expect((await run(['store', 'inspect', sealed.id])).code).toBe(7)
      expect((await run(['store', 'delete', sealed.id, '--yes'])).code).toBe(0)
      await expect(stat(sealed.file)).rejects.toThrow('ENOENT')

      await chmod(join(state, 'sessions'), 0o755)
      const open = await run(['store', 'list'])
      expect(open.code).toBe(7)
      expect(open.stderr).toContain(`chmod 700 '${join(state, 'sessions')}'`)
    }),
  )

  it(
    'needs no profile, and takes the folder that is named',
    withHome(async (home) => {
      const { run, folder, writeProfile, settings, box } = home
      const place = join(folder, 'elsewhere')
      await run(['token', '--store', `file:${place}`])
      expect((await stat(place)).mode & 0o777).toBe(0o700)
      expect((await stat(join(place, 'key'))).mode & 0o777).toBe(0o600)
      const nobody = { XDG_CONFIG_HOME: join(folder, 'nowhere') }
      const of = async (args: ReadonlyArray<string>, variables: Readonly<Record<string, string>>) => {
        const { code, stdout } = await run(['store', 'list', '--json', ...args], variables)
        return code === 0 ? JSON.parse(stdout).sessions.length : code
      }
      expect(await of(['--store', `file:${place}`], nobody)).toBe(1)
      expect(await of([], { ...nobody, TESSERA_STORE: `file:${place}` })).toBe(1)
      expect(await of([], nobody)).toBe(0)
      expect(await of(['--profile', 'none'], nobody)).toBe(3)
      await writeProfile('elsewhere', { ...settings, tessera: { baseUrl: box.url, store: `file:../../elsewhere` } })
      expect(await of(['--profile', 'elsewhere'], {})).toBe(1)
      const { stdout } = await run(['inspect', '--profile', 'elsewhere'])
      expect(stdout).toContain(join(place, 'sessions'))
    }),
  )
})

describe('a name that steers the terminal', () => {
  it(
    '[A18] is shown without that, and escaped in JSON',
    withHome(async ({ run, state }) => {
      await run(['store', 'list'])
      const hidden = ['\u001b', '\n', '\u009b', '\u061c', '\u200e', '\u202e', '\u2028', '\u2029', '\u2066', '\u{e0041}']
      const key = `evil${hidden.join('')}Name`
      const record = { version: '1', record: Secret.make('Record', 'not sealed') }
      await must(fileStore({ folder: join(state, 'sessions') }).compareAndSet(key, absent, record))
      const { id } = nameOf(key)
      const written = async (...args: ReadonlyArray<string>) => {
        const { stdout, stderr } = await run(args)
        // A line end of ours ends a line.
        for (const character of hidden.filter((each) => each !== '\n')) {
          expect({ args, character, raw: (stdout + stderr).includes(character) }).toEqual({
            args,
            character,
            raw: false,
          })
        }
        return stdout
      }
      expect(await written('store', 'list')).toMatch(/^[0-9a-f]{8} {2}unreadable +evilName /)
      const json = await written('store', 'list', '--json')
      expect(json).toContain('evil\\u001b\\n\\u009b\\u061c\\u200e\\u202e\\u2028\\u2029\\u2066\\udb40\\udc41Name')
      expect(JSON.parse(json).sessions).toEqual([expect.objectContaining({ key })])
      await written('store', 'inspect', id)
      await written('store', 'inspect', 'evilNam')
      await written('store', 'delete', id)
      expect(await written('complete', '--', 'store', 'inspect', '')).toBe(`${id.slice(0, 8)}\tevilName\n`)
      expect(JSON.parse(await written('store', 'delete', id, '--yes', '--json'))).toMatchObject({ key, deleted: true })
    }),
  )
})

describe('when a token renews', () => {
  it(
    'is told as the mean of all processes, and the same at each look',
    withHome(async (home) => {
      const { run } = home
      await run(['token'])
      const looks = [
        JSON.parse((await run(['inspect', '--json'])).stdout),
        JSON.parse((await run(['inspect', '--json'])).stdout),
        JSON.parse((await run(['store', 'inspect', '--json'])).stdout),
        ...(await listed(home)).sessions,
      ]
      // Of an hour, each draws from 5 to 10 minutes.
      for (const { renews_at, expires_at } of looks) {
        expect(Date.parse(expires_at) - Date.parse(renews_at)).toBe(7.5 * 60_000)
      }
      expect(new Set(looks.map(({ renews_at }) => renews_at)).size).toBe(1)
    }),
  )
})

describe('store inspect', () => {
  it(
    'shows the session of the profile, or that of a name or an id',
    withHome(async (home) => {
      const { run } = home
      await run(['token'])
      await run(['token', '--as', 'user:7001'])
      const [service, user] = (await listed(home)).sessions
      const inspected = async (...args: ReadonlyArray<string>) => {
        const { code, stdout } = await run(['store', 'inspect', '--json', ...args])
        return code === 0 ? JSON.parse(stdout).id : code
      }
      expect(await inspected()).toBe(service.id)
      expect(await inspected('--as', 'user:7001')).toBe(user.id)
      expect(await inspected(user.id)).toBe(user.id)
      expect(await inspected(user.id.slice(0, 8))).toBe(user.id)
      const host = new URL(user.server).host
      expect(await inspected(`${host}/${user.client}/${user.principal}`)).toBe(user.id)
      expect(await inspected(user.id.slice(0, 3))).toBe(2)
      expect(await inspected('nobody')).toBe(2)
      const { stderr, stdout } = await run(['store', 'inspect', user.id])
      expect(stderr).toBe('')
      expect(stdout).toContain(`id        ${user.id}\n`)
      expect(stdout).toMatch(/session +valid +access token until/)
    }),
  )
})

describe('store delete', () => {
  it(
    'deletes one session when it is told so, and says what it does not do',
    withHome(async (home) => {
      const { run, box, sessions } = home
      const { stdout } = await run(['token'])
      await run(['token', '--as', 'user:7001'])
      const [service] = (await listed(home)).sessions
      const asked = await run(['store', 'delete', service.id])
      expect(asked.code).toBe(2)
      expect(asked.stderr).toMatch(
        /nobody is here to confirm it\.\n {2}next {5}add --yes, .*stay alive at the server.* revoke\n$/,
      )
      expect(await sessions()).toHaveLength(2)

      const { code, stderr } = await run(['store', 'delete', service.id, '--yes'])
      expect(code).toBe(0)
      expect(stderr).toMatch(/^deleted \S+\/service:4242; its tokens stay alive at the server/)
      expect(box.isActive(stdout.trim())).toBe(true)
      expect((await listed(home)).sessions.map((of: { readonly principal: string }) => of.principal)).toEqual([
        'user:7001:4242',
      ])
      expect((await run(['store', 'delete', service.id, '--yes'])).code).toBe(2)

      const [{ id, key }] = (await listed(home)).sessions
      const json = await run(['store', 'delete', id, '--yes', '--json'])
      expect(JSON.parse(json.stdout)).toEqual({ id, key, deleted: true, tombstone: false })
    }),
  )

  it(
    'needs a name',
    withHome(async ({ run }) => {
      for (const args of [
        ['store', 'delete'],
        ['store', 'delete', '--yes'],
        ['store'],
        ['store', 'drop'],
        ['store', 'list', 'x'],
      ]) {
        expect({ args, code: (await run(args)).code }).toEqual({ args, code: 2 })
      }
    }),
  )
})

describe('the name of a session', () => {
  it('is short only for keys of this command', () => {
    const key = JSON.stringify(['https://api.box.com/oauth2/token', 'x9y', 'user:1:'])
    expect(nameOf(key)).toMatchObject({ shown: 'api.box.com/x9y/user:1', parts: { value: { principal: 'user:1' } } })
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (other) => {
        const parsed = nameOf(other)
        expect(parsed.id).toMatch(/^[0-9a-f]{32}$/)
        expect(parsed.shown === other || parsed.parts._tag === 'Some').toBe(true)
      }),
    )
  })

  it('is not the beginning of another, nor too few digits', () => {
    const name = { id: '0123456789abcdef0123456789abcdef', shown: 'a/b/c' }
    for (const text of ['0123', '0123456789', name.id, 'a/b/c']) expect(isNamedBy(text)(name)).toBe(true)
    for (const text of ['', '012', '1234', 'a/b', 'a/b/cd', `${name.id}0`]) expect(isNamedBy(text)(name)).toBe(false)
  })
})
