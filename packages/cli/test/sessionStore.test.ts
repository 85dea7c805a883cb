import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { openSessions, placeOf } from '../src/sessionStore.js'
import { parseStore, type StorePlace } from '../src/storePlace.js'

const opening = (variables: Readonly<Record<string, string>>, store?: StorePlace) => ({
  variables,
  shared: store === undefined ? {} : { store },
  signal: new AbortController().signal,
  self: 'tessera',
})

const folder = (path: string): StorePlace => ({ _tag: 'Folder', folder: path })
const none = () => E.right(O.none)

describe('sessions', () => {
  it('are refused where files have no modes', async () => {
    const own = Object.getOwnPropertyDescriptor(process, 'geteuid')
    try {
      Object.defineProperty(process, 'geteuid', { configurable: true, value: undefined })
      const opened = await openSessions(opening({}), folder('/nowhere'), 'tessera token')()
      expect(opened).toMatchObject({
        left: { exit: 7, what: expect.stringContaining('no modes of files'), next: expect.stringContaining('WSL') },
      })
    } finally {
      if (own !== undefined) Object.defineProperty(process, 'geteuid', own)
    }
  })
})

describe('a folder in which nothing can be made', () => {
  it('is named, and chmod of what is not there is not advised', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tessera-cli-'))
    const isRoot = process.geteuid?.() === 0
    try {
      await chmod(home, 0o555)
      // Root may write everywhere.
      if (isRoot) process.seteuid?.(65_534)
      const folder = join(home, '.local', 'state', 'tessera')
      const opened = await openSessions(opening({}), { _tag: 'Folder', folder }, 'tessera token')()
      expect(opened).toMatchObject({
        left: {
          exit: 7,
          what: `sessions cannot be kept in ${folder}: nothing can be made in ${home} (EACCES)`,
          next: expect.stringMatching(/^set XDG_STATE_HOME/),
        },
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
      await rm(home, { recursive: true })
    }
  })
})

describe('the place of sessions', () => {
  it('is that of the options, of the environment, of the settings, or the state folder, in this order', () => {
    const variables = { TESSERA_STORE: 'file:/environment', XDG_STATE_HOME: '/state' }
    const settings = () => E.right(O.some(folder('/settings')))
    expect(placeOf(opening(variables, folder('/option')), settings)).toEqual(E.right(folder('/option')))
    expect(placeOf(opening(variables), settings)).toEqual(E.right(folder('/environment')))
    expect(placeOf(opening({ ...variables, TESSERA_STORE: '' }), settings)).toEqual(E.right(folder('/settings')))
    expect(placeOf(opening({ XDG_STATE_HOME: '/state' }), none)).toEqual(E.right(folder('/state/tessera')))
  })

  it('is not asked of the settings where the options or the environment name it', () => {
    const never = () => {
      throw new Error('it was asked')
    }
    expect(E.isRight(placeOf(opening({ TESSERA_STORE: 'redis://redis.example' }), never))).toBe(true)
    expect(E.isRight(placeOf(opening({}, folder('/option')), never))).toBe(true)
  })

  it('of the environment is told without its text where it is wrong', () => {
    const wrong = placeOf(opening({ TESSERA_STORE: 'redis://:n0t-this@h:0' }), none)
    expect(wrong).toMatchObject({ left: { exit: 3, what: 'TESSERA_STORE has a port that is none' } })
    expect(JSON.stringify(wrong)).not.toContain('n0t-this')
  })

  it('is what the URL says in the settings too', () => {
    expect(parseStore('file:sessions', '/home/ada')).toEqual(E.right(folder('/home/ada/sessions')))
  })
})
